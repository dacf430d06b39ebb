import { compare } from '../lockfile/canonical.ts';

/* What the families' orders of versions share. Numbers are compared as texts: they may have any length. */

/** Two texts of digits by their numbers; the empty text is 0. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || compare(x, y);
}

/** Two texts that are all digits or all letters: numbers by value, letters by code, a number after letters. */
export function compareSegments(a: string, b: string): number {
  const [x, y] = [isNumber(a), isNumber(b)];
  if (x !== y) return x ? 1 : -1;
  return x ? compareNumbers(a, b) : compare(a, b);
}

/** `1:2.3-4` -> epoch, version and what follows the last hyphen; the absent ones are empty. */
export function splitVersion(text: string): [epoch: string, version: string, revision: string] {
  const [epoch = ''] = /^\d+(?=:)/.exec(text) ?? [];
  const rest = epoch === '' ? text : text.slice(epoch.length + 1);
  const hyphen = rest.lastIndexOf('-');
  return hyphen === -1 ? [epoch, rest, ''] : [epoch, rest.slice(0, hyphen), rest.slice(hyphen + 1)];
}

function isNumber(segment: string): boolean {
  return /^\d/.test(segment);
}
