import type { Package } from '../../model.ts';
import { stanzaReader } from '../stanzas.ts';

/** apk's name of a package file in a repository (apk-package(5)). */
export function fileName({ name, version }: Package): string {
  return `${name}-${version}.apk`;
}

/** Packages of the inventory: stanzas with the letters of an APKINDEX, and `sha256`. */
export const readInventory = stanzaReader({
  line: /^([A-Za-z]|sha256):(.*)$/gm,
  name: 'P',
  version: 'V',
  arch: 'A',
  sha256: 'sha256',
  size: 'S',
  source: 'o',
});
