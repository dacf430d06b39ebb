import * as rules from '../distro/index.ts';
import { ReproError } from '../errors.ts';
import {
  diffLockfiles,
  isDifferent,
  type LockfileChange,
  parseLockfile,
  type Summary,
  summarize,
} from '../lockfile/index.ts';
import type { Lockfile } from '../model.ts';
import type { Ports } from '../ports.ts';
import { type Side, type Source, sourcesOf } from './diff-sides.ts';

export interface DiffOptions {
  file: string;
  /** Files or revisions; none: HEAD and the working file. One may have `..` or `...`. */
  sides: readonly string[];
}

export interface DiffResult extends LockfileChange {
  file: string;
  /** What was compared; absent where there was no lockfile. */
  from?: Side;
  to?: Side;
  different: boolean;
  summary: Summary;
}

/** Throws E_NO_LOCKFILE where neither side has one, and what is wrong in either. */
export async function diff(
  { file, sides }: DiffOptions,
  { files, git }: Pick<Ports, 'files' | 'git'>,
): Promise<DiffResult> {
  const [from, to] = await sourcesOf(sides, file, files, git);
  if (from.text !== undefined || to.text !== undefined) return compareSources(from, to);
  throw new ReproError({
    code: 'E_NO_LOCKFILE',
    message: `there is no lockfile: neither ${from.label} nor ${to.label}`,
    hint: 'name another with --file',
  });
}

/** Two sources, at least one of which has a lockfile. */
export async function compareSources(from: Source, to: Source): Promise<DiffResult> {
  const [a, b] = await Promise.all([lockfileOf(from), lockfileOf(to)]);
  const change = diffLockfiles(a, b, rules.familyOf);
  return {
    file: to.side.path,
    ...(a && { from: from.side }),
    ...(b && { to: to.side }),
    different: isDifferent(change),
    ...change,
    summary: summarize(a, b, change),
  };
}

function lockfileOf({ text, label }: Source): Promise<Lockfile | undefined> {
  return text === undefined ? Promise.resolve(undefined) : parseLockfile(text, label, rules);
}
