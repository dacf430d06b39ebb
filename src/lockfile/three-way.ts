/** Who decides where both sides changed the same thing differently: for the file as we would have it, or as they would. */
export type Pick = <T>(key: string, ours: T, theirs: T) => T;

/** The same thing in the common ancestor and on both sides; undefined where it is not there. */
export interface Sides<T> {
  base: T | undefined;
  ours: T | undefined;
  theirs: T | undefined;
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The side that changed it. */
export function mergeValue<T>(key: string, { base, ours, theirs }: Sides<T>, pick: Pick): T | undefined {
  if (same(ours, theirs) || same(theirs, base)) return ours;
  return same(ours, base) ? theirs : pick(key, ours, theirs);
}

/** Each entry by itself; undefined where none is left. `nameOf` gives the key path of an entry. */
export function mergeTable<T>(
  nameOf: (entry: string) => string,
  { base, ours, theirs }: Sides<Readonly<Record<string, T>>>,
  pick: Pick,
): Record<string, T> | undefined {
  const of = (table: Readonly<Record<string, T>> = {}, name: string) =>
    Object.hasOwn(table, name) ? table[name] : undefined;
  const names = new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})]);
  const entries: [string, T][] = [];
  for (const name of names) {
    const sides = { base: of(base, name), ours: of(ours, name), theirs: of(theirs, name) };
    const value = mergeValue(nameOf(name), sides, pick);
    if (value !== undefined) entries.push([name, value]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The same view of all three. */
export function each<T, U>({ base, ours, theirs }: Sides<T>, view: (value: T) => U | undefined): Sides<U> {
  const on = (value: T | undefined) => (value === undefined ? undefined : view(value));
  return { base: on(base), ours: on(ours), theirs: on(theirs) };
}
