import type { Family } from '../distro/family.ts';
import type { Package } from '../model.ts';
import { compare, comparePackages } from './canonical.ts';

export type ChangeKind = 'added' | 'removed' | 'upgraded' | 'downgraded' | 'rebuilt';

export interface PackageChange {
  /** `rebuilt`: another file of the same version. */
  kind: ChangeKind;
  name: string;
  /** A request names the package; the others came along. */
  asked: boolean;
  from: Package | undefined;
  to: Package | undefined;
}

export interface PackageRules {
  /** undefined: no package is another version of another. */
  order: Family['compareVersions'] | undefined;
  askedBefore(pkg: Package): boolean;
  askedNow(pkg: Package): boolean;
}

/** What differs between two package lists, by name. */
export function diffPackages(
  before: readonly Package[],
  after: readonly Package[],
  { order, askedBefore, askedNow }: PackageRules,
): PackageChange[] {
  const changes: PackageChange[] = [];
  for (const [was, is] of byName(before, after)) {
    const pairs = order === undefined ? alone(was, is) : pairUp(was, is);
    for (const [from, to] of pairs) {
      const kind = kindOf(from, to, order);
      const asked = to === undefined ? from !== undefined && askedBefore(from) : askedNow(to);
      const name = (to ?? from)?.name ?? '';
      if (kind !== undefined) changes.push({ kind, name, asked, from, to });
    }
  }
  return changes;
}

type Lists = [was: readonly Package[], is: readonly Package[]];
type Pair = [from: Package | undefined, to: Package | undefined];

/** For each name that is not the same on both sides: RPM allows several versions of it, and others several architectures. */
function byName(before: readonly Package[], after: readonly Package[]): Lists[] {
  const [old, current] = [before.toSorted(comparePackages), after.toSorted(comparePackages)];
  const lists: Lists[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [a, b] = [old[i]?.name, current[j]?.name];
    if (a === undefined && b === undefined) return lists;
    const order = a === undefined ? 1 : b === undefined ? -1 : compare(a, b);
    const [start, first] = [i, j];
    while (order <= 0 && old[i]?.name === a) i++;
    while (order >= 0 && current[j]?.name === b) j++;
    lists.push([old.slice(start, i), current.slice(first, j)]);
  }
}

function kindOf(
  from: Package | undefined,
  to: Package | undefined,
  order: PackageRules['order'],
): ChangeKind | undefined {
  if (from === undefined) return 'added';
  if (to === undefined) return 'removed';
  if (from.version === to.version) {
    const isSame = from.sha256 === to.sha256 && from.arch === to.arch && from.size === to.size;
    return isSame ? undefined : 'rebuilt';
  }
  const direction = order?.(from.version, to.version) ?? 0;
  return direction < 0 ? 'upgraded' : direction > 0 ? 'downgraded' : 'rebuilt';
}

function alone(was: readonly Package[], is: readonly Package[]): Pair[] {
  return [...was.map((from): Pair => [from, undefined]), ...is.map((to): Pair => [undefined, to])];
}

/** Puts together what stands for each other, where that is plain: the same version, or the only one left on both sides. */
function pairUp(was: readonly Package[], is: readonly Package[]): Pair[] {
  if (was.length === 0 || is.length === 0) return alone(was, is);
  if (was.length === 1 && is.length === 1) return [[was[0], is[0]]];
  const pairs: [Package, Package][] = [];
  let [gone, come] = [was, is];
  const steps: ((a: Package, b: Package) => boolean)[] = [
    (a, b) => a.arch === b.arch && a.version === b.version,
    (a, b) => a.arch === b.arch,
    () => true,
  ];
  for (const fits of steps) {
    const found = gone.flatMap((a): [Package, Package][] => {
      const [b, ...others] = come.filter((other) => fits(a, other));
      if (b === undefined || others.length > 0) return [];
      return gone.filter((other) => fits(other, b)).length === 1 ? [[a, b]] : [];
    });
    pairs.push(...found);
    gone = gone.filter((pkg) => !found.some(([from]) => from === pkg));
    come = come.filter((pkg) => !found.some(([, to]) => to === pkg));
  }
  return [...pairs, ...alone(gone, come)];
}
