import { fileName, readInventory } from './apk/inventory.ts';
import { collectScript, describeScript, installScript } from './apk/scripts.ts';
import { compareVersions } from './apk/version.ts';
import type { Family } from './family.ts';
import { packageCheck } from './package-check.ts';

/** Alpine's names of architectures (apk-tools, apk_arch.h). */
const architectures: Record<string, string> = {
  'linux/386': 'x86',
  'linux/amd64': 'x86_64',
  'linux/arm/v6': 'armhf',
  'linux/arm/v7': 'armv7',
  'linux/arm64': 'aarch64',
  'linux/arm64/v8': 'aarch64',
  'linux/loong64': 'loongarch64',
  'linux/ppc64le': 'ppc64le',
  'linux/riscv64': 'riscv64',
  'linux/s390x': 's390x',
};

// apk-package(5): a version is numbers, a letter, suffixes, a commit, a revision.
const name = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
const versionPattern =
  '\\d+(?:\\.\\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\\d*)*(?:~[0-9a-f]+)?(?:-r\\d+)?';
const version = new RegExp(`^${versionPattern}$`);
const arch = /^[a-z0-9_]+$/;
const request = new RegExp(
  `^(?:[a-z0-9.]+:)?[A-Za-z0-9_/][A-Za-z0-9._+/-]*(?:@[A-Za-z0-9._-]+|(?:=|~|=~|~=)${versionPattern})?$`,
);

/** Alpine Linux and what else is made of apk packages. */
export const apk: Family = {
  name: 'apk',
  distros: {
    alpaquita: 'Alpaquita Linux',
    alpine: 'Alpine Linux',
    chainguard: 'Chainguard',
    postmarketos: 'postmarketOS',
    wolfi: 'Wolfi',
  },
  purl: { type: 'apk' },
  checkRequest(text) {
    if (/\.apk$/.test(text))
      return 'is a file: only packages of the configured repositories can be asked for';
    if (request.test(text) && !text.startsWith('/')) return undefined;
    if (text.startsWith('!')) return 'asks apk for a conflict: only packages can be asked for';
    if (text.startsWith('/')) return 'is a path: name the package';
    if (/[<>]/.test(text)) return 'has a range of versions: ask with "=" or "~"';
    if (/[*?[\]^$|]/.test(text)) return 'has a pattern in it: name each package';
    return 'is no apk request: name, name=version, name~version or name@tag';
  },
  checkPackage: packageCheck({
    name: [name, 'is no Alpine package name (apk-package(5))'],
    version: [version, 'is no Alpine version (apk-package(5))'],
    arch: [arch, 'is no Alpine architecture'],
    source: [name, 'is no name of an Alpine source package'],
  }),
  compareVersions,
  asksFor: (text, pkg) => /^[^=~@]*/.exec(text)?.[0] === pkg.name,
  architecture: (platform) => architectures[platform],
  // apk has no weak dependencies that a person could turn on or off: `recommends` changes nothing.
  collect: ({ requests }) => ({ flags: [], script: collectScript(requests) }),
  install: ({ requests }, locked) => ({
    // /dev is not part of the image: this mount leaves no trace.
    flags: ['--mount=type=tmpfs,target=/dev/repro'],
    script: installScript(requests, locked),
  }),
  describe: () => ({ flags: [], script: describeScript() }),
  fileName,
  inventory: 'INVENTORY',
  readInventory,
};
