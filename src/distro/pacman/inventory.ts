import { ReproError } from '../../errors.ts';
import type { Package } from '../../model.ts';

/** The cache's name of a package file: libalpm knows the compression by the content, and mirrors have several endings. */
export function fileName({ name, version, arch }: Package): string {
  return `${name}-${version}-${arch}.pkg.tar`;
}

/** Packages of the inventory: stanzas in the form of a .PKGINFO. Throws E_INVENTORY. */
export function readInventory(text: string): Package[] {
  return text
    .split(/\n{2,}/)
    .filter((stanza) => stanza.trim() !== '')
    .map(readStanza);
}

function readStanza(stanza: string): Package {
  const fields = new Map(
    [...stanza.matchAll(/^([a-z0-9]+) = (.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
  );
  const field = (key: string): string => {
    const value = fields.get(key);
    if (value) return value;
    throw new ReproError({
      code: 'E_INVENTORY',
      message: `the package list of the cache image has a package without ${key}: ${stanza.split('\n')[0]}`,
      hint: 'collect the packages again: repro update',
    });
  };
  const name = field('pkgname');
  const source = fields.get('pkgbase');
  return {
    name,
    version: field('pkgver'),
    arch: field('arch'),
    sha256: field('sha256sum'),
    size: Number(field('filesize')),
    ...(source === undefined || source === '' || source === name ? {} : { source }),
  };
}
