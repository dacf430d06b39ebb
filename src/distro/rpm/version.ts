import { compareNumbers, compareSegments, splitVersion } from '../order.ts';

/** As rpm, dnf and zypper (rpm-version(7); rpmvercmp in rpm's rpmio/rpmvercmp.c). */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [splitVersion(a), splitVersion(b)];
  return compareNumbers(x[0], y[0]) || compareParts(x[1], y[1]) || compareParts(x[2], y[2]);
}

/** Segments of digits or of letters. Other characters only separate, but for the tilde and the caret. */
function compareParts(a: string, b: string): number {
  const [left, right] = [a.match(SEGMENT) ?? [], b.match(SEGMENT) ?? []];
  for (let index = 0; ; index++) {
    const [x, y] = [left[index], right[index]];
    if (x === '~' || y === '~') {
      if (x !== y) return x === '~' ? -1 : 1;
    } else if (x === undefined || y === undefined) {
      return x === y ? 0 : x === undefined ? -1 : 1;
    } else if (x === '^' || y === '^') {
      // Before what goes on otherwise, after the end.
      if (x !== y) return x === '^' ? -1 : 1;
    } else {
      const order = compareSegments(x, y);
      if (order !== 0) return order;
    }
  }
}

const SEGMENT = /\d+|[A-Za-z]+|[~^]/g;
