import type { Sizes } from '../../lockfile/diff.ts';

/** Decimal units, as registries and distros show sizes. */
export function bytes(size: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  if (Math.abs(size) < 1000) return `${size} B`;
  let [value, unit] = [size / 1000, 0];
  // What would be rounded to 1000.0 has the next unit.
  while (Math.abs(value) >= 999.95 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** `+1.2 kB`; empty where nothing changed. */
export function growth({ from, to }: Sizes): string {
  return from === to ? '' : `${to > from ? '+' : ''}${bytes(to - from)}`;
}

/** `360.7 kB (+307.5 kB)`. */
export function sizeText(sizes: Sizes): string {
  const change = growth(sizes);
  return change === '' || sizes.from === 0 ? bytes(sizes.to) : `${bytes(sizes.to)} (${change})`;
}
