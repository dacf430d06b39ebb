import type { Build, Lockfile } from '../model.ts';
import { requestName } from './request.ts';
import { keyText } from './serialize.ts';
import { each, mergeTable, mergeValue, type Pick, type Sides } from './three-way.ts';

type Lockfiles = Sides<Lockfile> & { ours: Lockfile; theirs: Lockfile };

/** What both sides ask for; `cache` without its pins. */
export function mergeIntent(sides: Lockfiles, pick: Pick): Omit<Lockfile, 'version' | 'base' | 'platform'> {
  const { ours } = sides;
  const value = <K extends keyof Lockfile>(key: K) =>
    mergeValue<Lockfile[K]>(key, each(sides, (lockfile) => lockfile[key]) as Sides<Lockfile[K]>, pick);
  const platforms = mergePlatforms(sides, pick);
  const packages = mergeRequests(
    () => 'packages',
    each(sides, (lockfile) => lockfile.packages),
    pick,
  );
  const repositories = value('repository');
  const labels = mergeTable(
    (name) => `labels.${keyText(name)}`,
    each(sides, (lockfile) => lockfile.labels),
    pick,
  );
  const cacheImage = mergeValue(
    'cache.image',
    each(sides, ({ cache }) => cache.image),
    pick,
  );
  return defined({
    note: value('note'),
    image: value('image') ?? ours.image,
    distro: value('distro') ?? ours.distro,
    platforms,
    packages,
    'platform-packages': mergePlatformPackages(sides, platforms, packages, pick),
    recommends: value('recommends'),
    snapshot: value('snapshot'),
    repository: repositories,
    labels,
    build: mergeBuild(
      each(sides, (lockfile) => lockfile.build),
      pick,
    ),
    cache: { image: cacheImage ?? ours.cache.image },
  });
}

function mergePlatforms(sides: Lockfiles, pick: Pick): string[] {
  const asTable = (lockfile: Lockfile) => Object.fromEntries(lockfile.platforms.map((name) => [name, true]));
  return Object.keys(mergeTable(() => 'platforms', each(sides, asTable), pick) ?? {});
}

/** By the package's name, so that two changes of one version are a conflict. */
function mergeRequests(
  nameOf: (name: string) => string,
  sides: Sides<readonly string[]>,
  pick: Pick,
): string[] {
  const byName = (requests: readonly string[]) => {
    const groups = new Map<string, string[]>();
    for (const request of requests)
      groups.set(requestName(request), [...(groups.get(requestName(request)) ?? []), request]);
    return Object.fromEntries(groups);
  };
  return Object.values(mergeTable(nameOf, each(sides, byName), pick) ?? {}).flat();
}

function mergePlatformPackages(
  sides: Lockfiles,
  platforms: readonly string[],
  everywhere: readonly string[],
  pick: Pick,
): Record<string, string[]> | undefined {
  const tables = each(sides, (lockfile) => lockfile['platform-packages'] ?? {});
  const names = new Set([...Object.keys(tables.ours ?? {}), ...Object.keys(tables.theirs ?? {})]);
  const merged: Record<string, string[]> = {};
  for (const platform of names) {
    const key = `platform-packages.${keyText(platform)}`;
    const lists = each(tables, (table) => table[platform]);
    let requests: string[] | undefined = mergeRequests(() => key, lists, pick);
    requests = requests.filter((request) => !everywhere.includes(request));
    // One side took the platform away, and the other asks for something on it.
    if (requests.length > 0 && !platforms.includes(platform)) requests = pick(key, lists.ours, lists.theirs);
    if (requests !== undefined && requests.length > 0) merged[platform] = requests;
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function mergeBuild(sides: Sides<Build>, pick: Pick): Build | undefined {
  const { ours, theirs } = sides;
  if (ours === undefined || theirs === undefined) return mergeValue('build', sides, pick);
  const value = <K extends keyof Build>(key: K) =>
    mergeValue<Build[K]>(`build.${key}`, each(sides, (build) => build[key]) as Sides<Build[K]>, pick);
  return defined({
    dockerfile: value('dockerfile') ?? ours.dockerfile,
    context: value('context'),
    target: value('target'),
    args: mergeTable(
      (name) => `build.args.${keyText(name)}`,
      each(sides, (build) => build.args),
      pick,
    ),
  });
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, content]) => content !== undefined),
  ) as Defined<T>;
}
