import type { Family } from '../distro/family.ts';
import type { Digest, Lockfile, Package } from '../model.ts';
import { compare } from './canonical.ts';
import { diffKeys, type KeyChange } from './diff-intent.ts';
import { type ChangeKind, diffPackages, type PackageChange } from './diff-packages.ts';

export interface FromTo {
  from?: Digest;
  to?: Digest;
}

export interface Sizes {
  from: number;
  to: number;
}

export interface PlatformChange {
  name: string;
  /** Of all its packages, in bytes. */
  size: Sizes;
  /** By name. */
  packages: PackageChange[];
}

export interface LockfileChange {
  /** Keys that people write. */
  intent: KeyChange[];
  /** Absent where nothing changed. */
  base?: FromTo;
  /** What `lock` read off the base image. */
  facts: KeyChange[];
  cache?: FromTo;
  /** The cache has another digest, with the same packages for the same intent. */
  repushed: boolean;
  inputs?: FromTo;
  /** Only those with a change, by name. */
  platforms: PlatformChange[];
}

/** How many packages changed; the same change on several platforms counts once. Sizes of all platforms. */
export type Summary = Record<ChangeKind, number> & { size: Sizes };

type Rules = Pick<Family, 'asksFor' | 'compareVersions'>;

/** What changed from one lockfile to another; undefined: there is none. */
export function diffLockfiles(
  a: Lockfile | undefined,
  b: Lockfile | undefined,
  familyOf: (distro: string) => Rules | undefined,
): LockfileChange {
  const base = fromTo(a?.base.digest, b?.base.digest);
  const cache = fromTo(a?.cache.digest, b?.cache.digest);
  const inputs = fromTo(a?.cache.inputs, b?.cache.inputs);
  const platforms = platformChanges(a, b, familyOf);
  const repushed = cache?.from !== undefined && cache.to !== undefined && inputs === undefined;
  return {
    ...diffKeys(a, b),
    ...(base && { base }),
    ...(cache && { cache }),
    repushed: repushed && platforms.length === 0,
    ...(inputs && { inputs }),
    platforms,
  };
}

export function isDifferent({ intent, base, facts, cache, inputs, platforms }: LockfileChange): boolean {
  const keys = [intent, facts, platforms].some((list) => list.length > 0);
  return keys || [base, cache, inputs].some((change) => change !== undefined);
}

export function summarize(
  a: Lockfile | undefined,
  b: Lockfile | undefined,
  { platforms }: LockfileChange,
): Summary {
  const counts = { added: 0, removed: 0, upgraded: 0, downgraded: 0, rebuilt: 0 };
  const seen = new Set<string>();
  for (const { packages } of platforms) {
    for (const { kind, name, from, to } of packages) {
      const change = platforms.length === 1 ? '' : `${kind} ${name} ${from?.version} ${to?.version}`;
      if (!seen.has(change)) counts[kind]++;
      if (platforms.length > 1) seen.add(change);
    }
  }
  const total = (lockfile: Lockfile | undefined) =>
    (lockfile?.platform ?? []).reduce((sum, { packages }) => sum + sizeOf(packages), 0);
  return { ...counts, size: { from: total(a), to: total(b) } };
}

function fromTo(from: Digest | undefined, to: Digest | undefined): FromTo | undefined {
  if (from === to) return undefined;
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function platformChanges(
  a: Lockfile | undefined,
  b: Lockfile | undefined,
  familyOf: (distro: string) => Rules | undefined,
): PlatformChange[] {
  const family = (lockfile: Lockfile | undefined) => lockfile && familyOf(lockfile.distro);
  // Versions of one package manager say nothing to another.
  const order = family(a) === family(b) ? family(b)?.compareVersions : undefined;
  const pinsOf = (lockfile: Lockfile | undefined) =>
    new Map((lockfile?.platform ?? []).map(({ name, packages }) => [name, packages]));
  const [before, after] = [pinsOf(a), pinsOf(b)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compare);
  return names.flatMap((name) => {
    const [was, is] = [before.get(name) ?? [], after.get(name) ?? []];
    const rules = {
      order,
      askedBefore: asks(a, name, family(a)),
      askedNow: asks(b, name, family(b)),
    };
    const packages = diffPackages(was, is, rules);
    return packages.length === 0 ? [] : [{ name, size: { from: sizeOf(was), to: sizeOf(is) }, packages }];
  });
}

/** Tells whether a request for the platform names a package. */
export function asks(lockfile: Lockfile | undefined, platform: string, family: Rules | undefined) {
  const requests = [...(lockfile?.packages ?? []), ...(lockfile?.['platform-packages']?.[platform] ?? [])];
  // No request names a package that it, or what follows a slash in it, does not begin with.
  const starts = new Set(
    requests.flatMap((text) => [...startsOf(text), ...startsOf(text.replace(/^.*\//s, ''))]),
  );
  return (pkg: Package): boolean =>
    starts.has(pkg.name) && requests.some((request) => family?.asksFor(request, pkg) === true);
}

function startsOf(text: string): string[] {
  return Array.from(text, (_, index) => text.slice(0, index + 1));
}

function sizeOf(packages: readonly Package[]): number {
  return packages.reduce((sum, { size }) => sum + size, 0);
}
