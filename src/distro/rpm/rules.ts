import type { Package } from '../../model.ts';
import { packageCheck } from '../package-check.ts';

/** rpm's names of architectures (rpmrc). */
const architectures: Record<string, string> = {
  'linux/386': 'i686',
  'linux/amd64': 'x86_64',
  'linux/arm/v6': 'armv6hl',
  'linux/arm/v7': 'armv7hl',
  'linux/arm64': 'aarch64',
  'linux/arm64/v8': 'aarch64',
  'linux/loong64': 'loongarch64',
  'linux/ppc64le': 'ppc64le',
  'linux/riscv64': 'riscv64',
  'linux/s390x': 's390x',
};

export function architecture(platform: string): string | undefined {
  return architectures[platform];
}

// rpm's build/parsePreamble.c has the characters of names, versions and releases; epoch 0 is written as none.
const name = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
const version = /^(?:[1-9]\d*:)?[A-Za-z0-9._+~^]+-[A-Za-z0-9._+~^]+$/;
const arch = /^[a-z0-9_]+$/;

export const checkPackage = packageCheck({
  name: [name, 'is no RPM package name (rpm-spec(5))'],
  version: [version, 'is no RPM version: epoch:version-release, without an epoch of 0'],
  arch: [arch, 'is no RPM architecture'],
  source: [name, 'is no name of an RPM source package'],
});

// What packages provide beside their names: `pkgconfig(zlib)`, `libz.so.1()(64bit)`.
const provided = /^[A-Za-z0-9_][A-Za-z0-9._+-]*\([A-Za-z0-9._+:/-]*\)(?:\(64bit\))?$/;

/** What is wrong with a request whose own form is `own`, which `forms` describes. */
export function checkRequest(text: string, own: RegExp, forms: string): string | undefined {
  if (/\.rpm$|^[a-z+]+:\/\//.test(text))
    return 'is a file: only packages of the configured repositories can be asked for';
  if (own.test(text) || provided.test(text)) return undefined;
  if (text.startsWith('@')) return 'is a group or a module: name its packages';
  if (/^(?:package|patch|pattern|product|srcpackage):/.test(text))
    return 'names a kind of thing: only packages can be asked for, by their names';
  if (/[<>]/.test(text)) return 'has a range of versions: ask for one';
  if (/[*?[\]{}|]/.test(text)) return 'has a pattern in it: name each package';
  if (/^\/[^\s'"$;&()]+$/.test(text)) return 'is a path: name the package';
  return `is no request: ${forms}, or what a package provides`;
}

/** Whether a request names the package: `name`, `name-version` and so on, each maybe with its architecture (dnf(8)). */
export function asksFor(text: string, { name, version, arch }: Package): boolean {
  if (!text.startsWith(name)) return false;
  const rest = text.slice(name.length);
  const asked = rest.endsWith(`.${arch}`) ? rest.slice(0, -arch.length - 1) : rest;
  const [epoch, plain] = version.includes(':') ? version.split(':', 2) : ['0', version];
  return (
    asked === '' ||
    [plain, plain?.replace(/-.*/, '')].some((own) => [`-${own}`, `-${epoch}:${own}`].includes(asked))
  );
}
