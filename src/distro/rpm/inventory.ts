import { quote, ReproError } from '../../errors.ts';
import type { Package } from '../../model.ts';

/** rpm's name of a package file, which is without the epoch (rpm macros, _build_name_fmt). */
export function fileName({ name, version, arch }: Package): string {
  return `${name}-${version.replace(/^\d+:/, '')}.${arch}.rpm`;
}

/**
 * Packages of the inventory: a line each, fields between tabs: name, version (`epoch:version-release`), architecture,
 * sha256, size, source package, and maybe more. Throws E_INVENTORY.
 */
export function readInventory(text: string): Package[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(readLine);
}

function readLine(line: string): Package {
  const [name, version, arch, sha256, size = '', source] = line.split('\t');
  if (!name || !version || !arch || !sha256 || source === undefined || !/^\d{1,15}$/.test(size)) {
    throw new ReproError({
      code: 'E_INVENTORY',
      message: `the package list of the cache image has a line that is none: ${quote(line.split('\t')[0] ?? '')}`,
      hint: 'collect the packages again: repro update',
    });
  }
  const other = source !== '' && source !== '(none)' && source !== name;
  return { name, version, arch, sha256, size: Number(size), ...(other ? { source } : {}) };
}
