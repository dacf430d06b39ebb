import { compare } from '../../lockfile/canonical.ts';
import type { PlatformChange, Sizes } from '../../lockfile/diff.ts';
import type { ChangeKind, PackageChange } from '../../lockfile/diff-packages.ts';

/** Packages of one source with the same change: one line for people. */
export interface Group {
  kind: ChangeKind;
  packages: string[];
  /** Where it is known and not the only package's own name. */
  source: string | undefined;
  /** Versions. */
  from: string | undefined;
  to: string | undefined;
  size: Sizes;
}

/** Platforms with the same changes. Sizes are of all of them together. */
export interface Section {
  platforms: string[];
  size: Sizes;
  asked: Group[];
  others: Group[];
}

export type Counts = Partial<Record<ChangeKind, number>>;

export function sectionsOf(platforms: readonly PlatformChange[]): Section[] {
  const sections = platforms.map(({ name, size, packages }): Section => {
    const groups = (asked: boolean) => groupsOf(packages.filter((change) => change.asked === asked));
    return { platforms: [name], size, asked: groups(true), others: groups(false) };
  });
  if (sections.length < 2) return sections;
  const merged = new Map<string, Section>();
  for (const section of sections) {
    const changes = [...section.asked, { kind: 'others' }, ...section.others];
    const key = JSON.stringify(changes.map((group) => ({ ...group, size: undefined })));
    const twin = merged.get(key);
    merged.set(key, twin === undefined ? section : merge(twin, section));
  }
  return [...merged.values()];
}

export function countsOf(groups: readonly Group[]): Counts {
  const counts: Counts = {};
  for (const { kind, packages } of groups) counts[kind] = (counts[kind] ?? 0) + packages.length;
  return counts;
}

const KINDS: readonly ChangeKind[] = ['added', 'removed', 'upgraded', 'downgraded', 'rebuilt'];

/** `3 added, 1 upgraded`; empty where there is none. */
export function countsText(counts: Counts): string {
  return KINDS.flatMap((kind) => (counts[kind] ? [`${counts[kind]} ${kind}`] : [])).join(', ');
}

function groupsOf(changes: readonly PackageChange[]): Group[] {
  const bySource = new Map<string, Group[]>();
  changes.forEach((change, index) => {
    const { kind, name, from, to } = change;
    const source = to?.source ?? from?.source;
    const groups = bySource.get(source ?? name) ?? [];
    if (groups.length === 0) bySource.set(source ?? name, groups);
    let group = groups.find(
      (other) => other.kind === kind && other.from === from?.version && other.to === to?.version,
    );
    if (group === undefined) {
      const size = { from: 0, to: 0 };
      group = { kind, packages: [], source: undefined, from: from?.version, to: to?.version, size };
      groups.push(group);
    }
    // The package that has the name of its source says nothing of it.
    group.source ??= source;
    // Changes come sorted by name.
    const isAmbiguous = changes[index - 1]?.name === name || changes[index + 1]?.name === name;
    group.packages.push(nameOf(change, isAmbiguous));
    group.size.from += from?.size ?? 0;
    group.size.to += to?.size ?? 0;
  });
  const sources = [...bySource.keys()].sort(compare);
  return sources.flatMap((source) => bySource.get(source) ?? []);
}

/** The architecture only where it tells something. */
function nameOf({ name, from, to }: PackageChange, isAmbiguous: boolean): string {
  const [old, current] = [from?.arch, to?.arch];
  if (old !== undefined && current !== undefined && old !== current) return `${name} (${old} -> ${current})`;
  return isAmbiguous ? `${name} (${current ?? old})` : name;
}

function merge(a: Section, b: Section): Section {
  const groups = (list: readonly Group[], other: readonly Group[]) =>
    list.map((group, index) => ({ ...group, size: sum(group.size, other[index]?.size) }));
  return {
    platforms: [...a.platforms, ...b.platforms],
    size: sum(a.size, b.size),
    asked: groups(a.asked, b.asked),
    others: groups(a.others, b.others),
  };
}

function sum(a: Sizes, b: Sizes = { from: 0, to: 0 }): Sizes {
  return { from: a.from + b.from, to: a.to + b.to };
}
