import type { Lockfile } from '../model.ts';
import { compare } from './canonical.ts';
import { keyText } from './serialize.ts';

/** A key of the lockfile whose value changed: one value for another, or some of a list. */
export interface KeyChange {
  /** As TOML writes it: `build.args.VERSION`. */
  key: string;
  from?: string;
  to?: string;
  added?: string[];
  removed?: string[];
}

/** What `lock` writes, and what is compared elsewhere. */
const PINS: readonly string[] = ['version', 'platform', 'base.digest', 'cache.digest', 'cache.inputs'];
const FACTS: readonly string[] = ['base.release', 'base.created', 'base.user'];

/** What people ask for, and what `lock` read off the base image: the keys that changed, requests first. */
export function diffKeys(
  a: Lockfile | undefined,
  b: Lockfile | undefined,
): { intent: KeyChange[]; facts: KeyChange[] } {
  const [before, after] = [lockfileValues(a), lockfileValues(b)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort(
    (x, y) => Number(isRequests(y)) - Number(isRequests(x)) || compare(x, y),
  );
  const changes = keys.flatMap((key) => keyChange(key, before.get(key), after.get(key)));
  return {
    intent: changes.filter(({ key }) => !FACTS.includes(key)),
    facts: changes.filter(({ key }) => FACTS.includes(key)),
  };
}

type Value = string | readonly string[];

const isRequests = (key: string): boolean => /^(?:packages$|platform-packages\.)/.test(key);

function keyChange(key: string, from: Value | undefined, to: Value | undefined): KeyChange[] {
  if (Array.isArray(from) || Array.isArray(to)) {
    const [before, after] = [[from ?? []].flat(), [to ?? []].flat()];
    const added = after.filter((item) => !before.includes(item));
    const removed = before.filter((item) => !after.includes(item));
    return added.length + removed.length === 0 ? [] : [{ key, added, removed }];
  }
  if (from === to) return [];
  return [{ key, ...(from !== undefined && { from: `${from}` }), ...(to !== undefined && { to: `${to}` }) }];
}

/** Each key with its value, but for the pins, whatever keys the format comes to have. */
export function lockfileValues(lockfile: Lockfile | undefined): Map<string, string | readonly string[]> {
  const values = new Map<string, Value>();
  const add = (key: string, value: unknown): void => {
    if (value === undefined || PINS.includes(key)) return;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) values.set(key, value);
    else if (typeof value !== 'object' || value === null) values.set(key, String(value));
    else {
      for (const [name, inner] of Object.entries(value))
        add(key === '' ? keyText(name) : `${key}.${keyText(name)}`, inner);
    }
  };
  if (lockfile !== undefined) add('', lockfile);
  return values;
}
