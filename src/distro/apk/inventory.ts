import { ReproError } from '../../errors.ts';
import type { Package } from '../../model.ts';

/** apk's name of a package file in a repository (apk-package(5)). */
export function fileName({ name, version }: Package): string {
  return `${name}-${version}.apk`;
}

/** Packages of the inventory: stanzas with the letters of an APKINDEX, and `sha256`. Throws E_INVENTORY. */
export function readInventory(text: string): Package[] {
  return text
    .split(/\n{2,}/)
    .filter((stanza) => stanza.trim() !== '')
    .map(readStanza);
}

function readStanza(stanza: string): Package {
  const fields = new Map(
    [...stanza.matchAll(/^([A-Za-z]|sha256):(.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
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
  const name = field('P');
  const source = fields.get('o');
  return {
    name,
    version: field('V'),
    arch: field('A'),
    sha256: field('sha256'),
    size: Number(field('S')),
    ...(source === undefined || source === '' || source === name ? {} : { source }),
  };
}
