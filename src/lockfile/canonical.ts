import type { Lockfile, Package } from '../model.ts';

/** The same content in the one order that it is written in: by code unit, wherever order has no meaning. */
export function canonical(lockfile: Lockfile): Lockfile {
  const { 'platform-packages': some, labels, build, platform } = lockfile;
  return {
    ...lockfile,
    platforms: lockfile.platforms.toSorted(),
    packages: lockfile.packages.toSorted(),
    ...(some && { 'platform-packages': byKey(some, (requests) => requests.toSorted()) }),
    ...(labels && { labels: byKey(labels, (value) => value) }),
    ...(build?.args && { build: { ...build, args: byKey(build.args, (value) => value) } }),
    ...(platform && {
      platform: platform
        .map(({ name, packages }) => ({ name, packages: packages.toSorted(comparePackages) }))
        .sort((a, b) => compare(a.name, b.name)),
    }),
  };
}

/** By name, version and architecture. */
export function comparePackages(a: Package, b: Package): number {
  return compare(a.name, b.name) || compare(a.version, b.version) || compare(a.arch, b.arch);
}

/** By code unit, never by locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byKey<T>(table: Readonly<Record<string, T>>, value: (content: T) => T): Record<string, T> {
  const entries = Object.entries(table).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([name, content]) => [name, value(content)]));
}
