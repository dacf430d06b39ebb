import { compareNumbers, splitVersion } from '../order.ts';

/** As `dpkg --compare-versions` (deb-version(7), "Sorting algorithm"). */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [splitVersion(a), splitVersion(b)];
  return compareNumbers(x[0], y[0]) || compareParts(x[1], y[1]) || compareParts(x[2], y[2]);
}

/** Turn by turn what is no digit, and a number; an absent number is 0. */
function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [a.match(PARTS) ?? [], b.match(PARTS) ?? []];
  for (let index = 0; index < Math.max(x.length, y.length); index++) {
    if (x[index] === y[index]) continue;
    const [, textA = '', numberA = ''] = PART.exec(x[index] ?? '') ?? [];
    const [, textB = '', numberB = ''] = PART.exec(y[index] ?? '') ?? [];
    const order = compareTexts(textA, textB) || compareNumbers(numberA, numberB);
    if (order !== 0) return order;
  }
  return 0;
}

const PART = /^(\D*)(\d*)/;
const PARTS = /\D+\d*|\d+/g;

function compareTexts(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = weight(a[index]) - weight(b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** A tilde is before the end, the end before letters, letters before the rest. */
function weight(char: string | undefined): number {
  if (char === undefined) return 0;
  if (char === '~') return -1;
  return char.charCodeAt(0) + (/[A-Za-z]/.test(char) ? 0 : 256);
}
