import { compareSegments, splitVersion } from '../order.ts';

/** As pacman and vercmp(8) (lib/libalpm/version.c). Where one version has no pkgrel, the other's does not count. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [splitVersion(a), splitVersion(b)];
  const order = compareParts(x[0] || '0', y[0] || '0') || compareParts(x[1], y[1]);
  return order !== 0 || x[2] === '' || y[2] === '' ? order : compareParts(x[2], y[2]);
}

/** Segments of digits or of letters. How many other characters are between them counts, not which. */
function compareParts(a: string, b: string): number {
  let [one, two] = [a, b];
  while (one !== '' && two !== '') {
    const [x, y] = [separator(one), separator(two)];
    one = one.slice(x.length);
    two = two.slice(y.length);
    if (one === '' || two === '') break;
    const [left, right] = [segment(one), segment(two)];
    const order = x.length - y.length || compareSegments(left, right);
    if (order !== 0) return order;
    one = one.slice(left.length);
    two = two.slice(right.length);
  }
  if (one === '' && two === '') return 0;
  // The longer one is newer, unless it goes on with letters: 1.0rc, 1.0, 1.0.rc.
  if (one === '') return isLetter(two) ? 1 : -1;
  return isLetter(one) ? -1 : 1;
}

const separator = (text: string): string => /^[^A-Za-z0-9]*/.exec(text)?.[0] ?? '';
const segment = (text: string): string => /^(?:\d+|[A-Za-z]+)/.exec(text)?.[0] ?? '';
const isLetter = (text: string): boolean => /^[A-Za-z]/.test(text);
