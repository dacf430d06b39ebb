import type { Family } from './family.ts';
import { packageCheck } from './package-check.ts';
import { fileName, readInventory } from './pacman/inventory.ts';
import { collectScript, describeScript, installScript } from './pacman/scripts.ts';
import { compareVersions } from './pacman/version.ts';

/** Arch Linux's name of an architecture, and those of its ports. */
const architectures: Record<string, string> = {
  'linux/386': 'i686',
  'linux/amd64': 'x86_64',
  'linux/arm/v6': 'armv6h',
  'linux/arm/v7': 'armv7h',
  'linux/arm64': 'aarch64',
  'linux/arm64/v8': 'aarch64',
  'linux/loong64': 'loong64',
  'linux/riscv64': 'riscv64',
};

// PKGBUILD(5): a version has no colon, slash, hyphen or white space, and makepkg takes ASCII only; the rest are those in use.
const name = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/;
const version = /^(?:\d+:)?[A-Za-z0-9._+~^@%]+-\d+(?:\.\d+)*$/;
const arch = /^[a-z0-9_]+$/;
const request =
  /^(?:[A-Za-z0-9][A-Za-z0-9._+-]*\/)?[A-Za-z0-9@_+][A-Za-z0-9@._+-]*(?:=(?:\d+:)?[A-Za-z0-9._+~^@%]+(?:-\d+(?:\.\d+)*)?)?$/;

/** Arch Linux and what is made of it. */
export const pacman: Family = {
  name: 'pacman',
  distros: {
    arch: 'Arch Linux',
    archarm: 'Arch Linux ARM',
    artix: 'Artix Linux',
    cachyos: 'CachyOS',
    endeavouros: 'EndeavourOS',
    garuda: 'Garuda Linux',
    manjaro: 'Manjaro Linux',
    'manjaro-arm': 'Manjaro ARM',
    steamos: 'SteamOS',
  },
  purl: { type: 'alpm' },
  checkRequest(text) {
    if (request.test(text)) return undefined;
    if (/^[a-z+]+:\/\/|\.pkg\.tar/.test(text))
      return 'is a file: only packages of the configured repositories can be asked for';
    if (/[<>]/.test(text)) return 'has a range of versions: ask for one with "="';
    if (/[*?[\]^$|]/.test(text)) return 'has a pattern in it: name each package';
    return 'is no pacman request: name, name=version or repository/name';
  },
  checkPackage: packageCheck({
    name: [name, 'is no Arch Linux package name (PKGBUILD(5))'],
    version: [version, 'is no Arch Linux version (PKGBUILD(5))'],
    arch: [arch, 'is no Arch Linux architecture'],
    source: [name, 'is no name of an Arch Linux package base'],
  }),
  compareVersions,
  asksFor: (text, pkg) => /^(?:[^/]*\/)?([^=]*)/.exec(text)?.[1] === pkg.name,
  architecture: (platform) => architectures[platform],
  // pacman has no weak dependencies that it would install: `recommends` changes nothing.
  collect: ({ requests }) => ({ flags: [], script: collectScript(requests) }),
  install: ({ requests }, locked) => ({
    flags: ['--mount=type=tmpfs,target=/var/lib/pacman/sync', '--mount=type=tmpfs,target=/var/cache/pacman'],
    script: installScript(requests, locked),
  }),
  describe: () => ({ flags: [], script: describeScript() }),
  fileName,
  inventory: 'INVENTORY',
  readInventory,
};
