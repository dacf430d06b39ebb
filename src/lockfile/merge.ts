import { diffArrays } from 'diff';
import type { Lockfile } from '../model.ts';
import { canonical } from './canonical.ts';
import { labelText } from './conflict.ts';
import { cacheInputs } from './inputs.ts';
import { mergeIntent } from './merge-intent.ts';
import { type CachePins, mergeBase, mergeCachePins } from './merge-pins.ts';
import { serializeLockfile } from './serialize.ts';
import type { Pick, Sides } from './three-way.ts';

export interface Merged {
  /** Canonical; where people must decide, both sides between git's conflict markers. */
  text: string;
  /** Keys that both sides changed differently, or that one side took away and the other changed. */
  conflicts: string[];
  /** Pins that a side has and that hold for neither: they are left out. */
  dropped: ('base' | 'cache')[];
  /** The two sides collected different packages for the same intent; the registry has the later push. */
  twoCaches: boolean;
  /** The side whose newly collected packages gave way to those of the other side. */
  superseded?: 'ours' | 'theirs';
}

/** Three lockfiles into one (docs/merge.md). `labels` stand behind the markers. */
export function mergeLockfiles(
  base: Lockfile | undefined,
  ours: Lockfile,
  theirs: Lockfile,
  labels: readonly [ours: string, theirs: string],
): Merged {
  const sides = {
    base: base && canonical(base),
    ours: canonical(ours),
    theirs: canonical(theirs),
  };
  const conflicts = new Set<string>();
  // Twice, for the text as either side would have it: they differ just where people must decide.
  const left = mergeFor(sides, (key, value, _) => {
    conflicts.add(key);
    return value;
  });
  const right = mergeFor(sides, (_key, _, value) => value);
  const pins = mergeCachePins(sides, left, right, cacheInputs(left), cacheInputs(right));
  const text = markedText(
    serializeLockfile(withPins(left, pins)),
    serializeLockfile(withPins(right, pins)),
    labels,
  );
  const had = (part: 'base' | 'cache') => (ours[part].digest ?? theirs[part].digest) !== undefined;
  const dropped: Merged['dropped'] = [];
  if (had('base') && left.base.digest === undefined && right.base.digest === undefined) dropped.push('base');
  if (had('cache') && pins.pins === undefined) dropped.push('cache');
  const { twoCaches, superseded } = pins;
  return {
    text,
    conflicts: [...conflicts],
    dropped,
    twoCaches,
    ...(superseded !== undefined && { superseded }),
  };
}

/** Intent and base; the pins of the cache depend on both. */
function mergeFor(sides: Sides<Lockfile> & { ours: Lockfile; theirs: Lockfile }, pick: Pick): Lockfile {
  return { version: 1, ...mergeIntent(sides, pick), base: mergeBase(sides, pick) };
}

function withPins(lockfile: Lockfile, { pins }: CachePins): Lockfile {
  if (pins === undefined) return lockfile;
  const { digest, inputs, platform } = pins;
  return { ...lockfile, cache: { ...lockfile.cache, digest, inputs }, platform };
}

function markedText(left: string, right: string, labels: readonly [string, string]): string {
  if (left === right) return left;
  const [ours, theirs] = labels.map(labelText);
  const lines: string[] = [];
  let [removed, added]: [string[], string[]] = [[], []];
  const close = () => {
    if (removed.length + added.length > 0)
      lines.push(`<<<<<<< ${ours}`, ...removed, '=======', ...added, `>>>>>>> ${theirs}`);
    [removed, added] = [[], []];
  };
  for (const part of diffArrays(left.split('\n'), right.split('\n'))) {
    if (part.removed) removed.push(...part.value);
    else if (part.added) added.push(...part.value);
    else {
      close();
      lines.push(...part.value);
    }
  }
  close();
  return lines.join('\n');
}
