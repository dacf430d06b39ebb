import type { Digest, Lockfile, Package } from '../model.ts';
import { compare } from './canonical.ts';

export interface PlatformChange {
  name: string;
  added: Package[];
  removed: Package[];
  /** Same name and architecture, one version on each side. */
  changed: { from: Package; to: Package }[];
  /** Same name, version and architecture, another file. */
  rebuilt: { from: Package; to: Package }[];
}

export interface FromTo {
  from?: Digest;
  to?: Digest;
}

export interface LockfileChange {
  requests: { added: string[]; removed: string[] };
  /** Absent where nothing changed. */
  base?: FromTo;
  cache?: FromTo;
  inputs?: FromTo;
  /** Only those with a change, by name. */
  platforms: PlatformChange[];
}

/** What changed from one lockfile (undefined: none) to another. */
export function diffLockfiles(a: Lockfile | undefined, b: Lockfile): LockfileChange {
  const base = fromTo(a?.base.digest, b.base.digest);
  const cache = fromTo(a?.cache.digest, b.cache.digest);
  const inputs = fromTo(a?.cache.inputs, b.cache.inputs);
  return {
    requests: {
      added: b.packages.filter((request) => !a?.packages.includes(request)),
      removed: a?.packages.filter((request) => !b.packages.includes(request)) ?? [],
    },
    ...(base && { base }),
    ...(cache && { cache }),
    ...(inputs && { inputs }),
    platforms: platformChanges(a, b),
  };
}

function fromTo(from: Digest | undefined, to: Digest | undefined): FromTo | undefined {
  if (from === to) return undefined;
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function platformChanges(a: Lockfile | undefined, b: Lockfile): PlatformChange[] {
  const pinsOf = (lockfile: Lockfile | undefined) =>
    new Map((lockfile?.platform ?? []).map(({ name, packages }) => [name, packages]));
  const [before, after] = [pinsOf(a), pinsOf(b)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compare);
  return names
    .map((name) => platformChange(name, before.get(name) ?? [], after.get(name) ?? []))
    .filter(({ added, removed, changed, rebuilt }) =>
      [added, removed, changed, rebuilt].some((list) => list.length > 0),
    );
}

function platformChange(name: string, before: readonly Package[], after: readonly Package[]): PlatformChange {
  const change: PlatformChange = { name, added: [], removed: [], changed: [], rebuilt: [] };
  const [old, current] = [byNameAndArch(before), byNameAndArch(after)];
  for (const id of [...new Set([...old.keys(), ...current.keys()])].sort(compare)) {
    const [was, is] = [old.get(id) ?? [], current.get(id) ?? []];
    const [from, to] = [was[0], is[0]];
    if (was.length === 1 && is.length === 1 && from && to && from.version !== to.version) {
      change.changed.push({ from, to });
      continue;
    }
    for (const pkg of is) {
      const twin = was.find(({ version }) => version === pkg.version);
      if (twin === undefined) change.added.push(pkg);
      else if (twin.sha256 !== pkg.sha256) change.rebuilt.push({ from: twin, to: pkg });
    }
    change.removed.push(...was.filter(({ version }) => !is.some((pkg) => pkg.version === version)));
  }
  return change;
}

/** RPM allows two versions of one name. */
function byNameAndArch(packages: readonly Package[]): Map<string, Package[]> {
  const groups = new Map<string, Package[]>();
  for (const pkg of packages) {
    const id = `${pkg.name} ${pkg.arch}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [pkg]);
    else group.push(pkg);
  }
  return groups;
}
