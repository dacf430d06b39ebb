import type { Package } from '../../model.ts';
import { stanzaReader } from '../stanzas.ts';

/** apt's name of a package file in its archive folder (apt-pkg/acquire-item.cc): the colon of an epoch is escaped. */
export function fileName({ name, version, arch }: Package): string {
  return `${name}_${version.replaceAll(':', '%3a')}_${arch}.deb`;
}

/** Packages of a Packages file (deb822(5)). */
export const readInventory = stanzaReader({
  line: /^([A-Za-z0-9-]+):[ \t]*(.*)$/gm,
  name: 'Package',
  version: 'Version',
  arch: 'Architecture',
  sha256: 'SHA256',
  size: 'Size',
  source: 'Source',
});
