import { ReproError } from '../../errors.ts';
import type { Package } from '../../model.ts';

/** apt's name of a package file in its archive folder (apt-pkg/acquire-item.cc): the colon of an epoch is escaped. */
export function fileName({ name, version, arch }: Package): string {
  return `${name}_${version.replaceAll(':', '%3a')}_${arch}.deb`;
}

/** Packages of a Packages file (deb822(5)). Throws E_INVENTORY. */
export function readInventory(text: string): Package[] {
  return text
    .split(/\n{2,}/)
    .filter((stanza) => stanza.trim() !== '')
    .map(readStanza);
}

function readStanza(stanza: string): Package {
  const fields = new Map(
    [...stanza.matchAll(/^([A-Za-z0-9-]+):[ \t]*(.*)$/gm)].map(([, key = '', value = '']) => [
      key,
      value.trimEnd(),
    ]),
  );
  const field = (key: string): string => {
    const value = fields.get(key);
    if (value) return value;
    throw inventoryError(`a package without ${key}: ${stanza.split('\n')[0]}`);
  };
  const name = field('Package');
  // "Source: curl (8.14.1-2)" where the source's version is another than the package's (deb-control(5)).
  const source = fields.get('Source')?.replace(/ \(.*/, '');
  const pkg: Package = {
    name,
    version: field('Version'),
    arch: field('Architecture'),
    sha256: field('SHA256'),
    size: Number(field('Size')),
    ...(source === undefined || source === name ? {} : { source }),
  };
  return pkg;
}

function inventoryError(message: string): ReproError {
  return new ReproError({
    code: 'E_INVENTORY',
    message: `the package list of the cache image has ${message}`,
    hint: 'collect the packages again: repro update',
  });
}
