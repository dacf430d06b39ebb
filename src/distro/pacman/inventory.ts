import type { Package } from '../../model.ts';
import { stanzaReader } from '../stanzas.ts';

/** The cache's name of a package file: libalpm knows the compression by the content, and mirrors have several endings. */
export function fileName({ name, version, arch }: Package): string {
  return `${name}-${version}-${arch}.pkg.tar`;
}

/** Packages of the inventory: stanzas in the form of a .PKGINFO. */
export const readInventory = stanzaReader({
  line: /^([a-z0-9]+) = (.*)$/gm,
  name: 'pkgname',
  version: 'pkgver',
  arch: 'arch',
  sha256: 'sha256sum',
  size: 'filesize',
  source: 'pkgbase',
});
