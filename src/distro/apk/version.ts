import { compare } from '../../lockfile/canonical.ts';
import { compareNumbers } from '../order.ts';

/** Kinds of parts in their order: at the first difference of kind, the later kind is the older version. */
const KINDS = ['initial', 'number', 'letter', 'suffix', 'suffixNumber', 'commit', 'revision', 'end'] as const;
type Part = { kind: (typeof KINDS)[number]; text: string };

const PARTS =
  /^(?<initial>\d+)|\.(?<number>\d+)|_(?<suffix>[a-z]+)|(?<letter>[a-z])|(?<suffixNumber>\d+)|~(?<commit>[0-9a-f]+)|-r(?<revision>\d+)/g;
const BEFORE = ['alpha', 'beta', 'pre', 'rc'];
const SUFFIXES = [...BEFORE, 'cvs', 'svn', 'git', 'hg', 'p'];

/**
 * As apk-tools 3 (src/version.c). apk-tools 2 has another order only for commits, which it does not know, and for numbers
 * with leading zeros: it has 1.00 before 1.0.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let index = 0; ; index++) {
    const [x, y] = [left[index] ?? END, right[index] ?? END];
    if (x.kind !== y.kind) return compareKinds(x, y);
    if (x === END) return 0;
    const order = compareTexts(x.kind, x.text, y.text);
    if (order !== 0) return order;
  }
}

const END: Part = { kind: 'end', text: '' };

function partsOf(version: string): Part[] {
  return [...version.matchAll(PARTS)].flatMap(({ groups = {} }) =>
    KINDS.flatMap((kind) => (groups[kind] === undefined ? [] : [{ kind, text: groups[kind] }])),
  );
}

function compareTexts(kind: Part['kind'], a: string, b: string): number {
  if (kind === 'suffix') return SUFFIXES.indexOf(a) - SUFFIXES.indexOf(b);
  // As digits after a decimal point.
  const fraction = kind === 'number' && (a.startsWith('0') || b.startsWith('0'));
  return fraction || kind === 'letter' || kind === 'commit' ? compare(a, b) : compareNumbers(a, b);
}

function compareKinds(a: Part, b: Part): number {
  const isBefore = ({ kind, text }: Part) => kind === 'suffix' && BEFORE.includes(text);
  if (isBefore(a) !== isBefore(b)) return isBefore(a) ? -1 : 1;
  return KINDS.indexOf(b.kind) - KINDS.indexOf(a.kind);
}
