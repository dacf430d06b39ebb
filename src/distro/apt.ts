import { fileName, readInventory } from './apt/inventory.ts';
import { collectScript, describeScript, installScript, upstreamScript } from './apt/scripts.ts';
import { compareVersions } from './apt/version.ts';
import type { Family } from './family.ts';
import { packageCheck } from './package-check.ts';

/** Debian architectures of OCI platforms (dpkg's cputable and tupletable). */
const architectures: Record<string, string> = {
  'linux/386': 'i386',
  'linux/amd64': 'amd64',
  'linux/arm/v5': 'armel',
  'linux/arm/v7': 'armhf',
  'linux/arm64': 'arm64',
  'linux/arm64/v8': 'arm64',
  'linux/loong64': 'loong64',
  'linux/mips64le': 'mips64el',
  'linux/ppc64le': 'ppc64el',
  'linux/riscv64': 'riscv64',
  'linux/s390x': 's390x',
};

// deb-control(5), deb-version(7); Debian Policy 5.6.1, 5.6.7 and 5.6.12.
const name = /^[a-z0-9][a-z0-9+.-]+$/;
const version = /^(?:\d+:)?\d(?:[A-Za-z0-9.+~-]*[A-Za-z0-9.+~])?$/;
const arch = /^[a-z0-9][a-z0-9-]*$/;
const request =
  /^(?<name>[a-z0-9][a-z0-9+.-]+)(?::(?<arch>[a-z0-9][a-z0-9-]*))?(?:=(?<version>(?:\d+:)?\d[A-Za-z0-9.+~-]*)|\/(?<suite>[A-Za-z0-9][A-Za-z0-9./_-]*))?$/;

/** Debian, Ubuntu and what is made of them. */
export const apt: Family = {
  name: 'apt',
  distros: {
    debian: 'Debian',
    kali: 'Kali Linux',
    linuxmint: 'Linux Mint',
    pop: 'Pop!_OS',
    raspbian: 'Raspbian',
    ubuntu: 'Ubuntu',
  },
  purl: { type: 'deb' },
  checkRequest,
  checkPackage: packageCheck({
    name: [name, 'is no Debian package name (Debian Policy 5.6.1)'],
    version: [version, 'is no Debian version (deb-version(7))'],
    arch: [arch, 'is no Debian architecture'],
    source: [name, 'is no Debian source package name'],
  }),
  compareVersions,
  asksFor(text, pkg) {
    const groups = request.exec(text)?.groups;
    return groups?.['name'] === pkg.name && (groups['arch'] ?? pkg.arch) === pkg.arch;
  },
  architecture: (platform) => architectures[platform],
  // Nothing is trimmed or looked up here: what the lockfile says is what the step says.
  collect: (intent) => ({ flags: [], script: collectScript(intent) }),
  install: (intent, locked) => ({
    flags: ['--mount=type=tmpfs,target=/var/lib/apt/lists', '--mount=type=tmpfs,target=/var/cache/apt'],
    script: installScript(intent, locked),
  }),
  describe: () => ({ flags: [], script: describeScript() }),
  upstream: (packages) => ({ flags: [], script: upstreamScript(packages) }),
  fileName,
  inventory: 'Packages',
  readInventory,
};

function checkRequest(text: string): string | undefined {
  const groups = request.exec(text)?.groups;
  if (groups?.['name']?.endsWith('-')) return 'ends in "-", which asks apt to remove a package';
  if (groups !== undefined) return undefined;
  if (/[*?[\]~^|]/.test(text)) return 'has a pattern or a task in it: name each package';
  if (text.endsWith('.deb'))
    return 'is a file: only packages of the configured repositories can be asked for';
  return 'is no apt request: name, name=version, name:arch or name/suite';
}
