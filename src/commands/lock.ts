import { familyOf } from '../distro/index.ts';
import { type Problem, ReproError } from '../errors.ts';
import { diffLockfiles, type LockfileChange, serializeLockfile } from '../lockfile/index.ts';
import type { Ports } from '../ports.ts';
import { keepCache } from './keep.ts';
import { pin } from './pin.ts';
import { readLockfile, repro, writeLockfile } from './project.ts';

export interface LockOptions {
  file: string;
  check?: boolean | undefined;
  /** Fail where a package has not the same version on all platforms. */
  sameVersions?: boolean | undefined;
  /** Give the cache a tag of its own. */
  keep?: boolean | undefined;
}

export interface LockResult {
  file: string;
  changed: boolean;
  change: LockfileChange;
  /** The cache's tag of its own. */
  kept?: string;
  warnings: Problem[];
  next: string[];
}

/** Registry -> repro.lock. Throws E_LOCK_STALE (`check`), and what keeps the pins from being read; the file is then as before. */
export async function lock(
  options: LockOptions,
  { files, registry }: Pick<Ports, 'files' | 'registry'>,
): Promise<LockResult> {
  const read = await readLockfile(options.file, files, { incompletePins: 'drop' });
  const { lockfile, warnings, next } = await pin(read.lockfile, options, registry);
  const unequal = warnings.find(({ code }) => code === 'E_PLATFORM_VERSIONS');
  if (options.sameVersions && unequal !== undefined) throw new ReproError(unequal);
  const change = diffLockfiles(read.lockfile, lockfile, familyOf);
  if (options.check && serializeLockfile(lockfile) !== read.text) throw stale(options.file, change);
  const kept = options.keep && lockfile.cache.digest ? await keepCache(lockfile, registry) : undefined;
  const changed = await writeLockfile(options.file, read, lockfile, files);
  const rest = next.length > 0 || !changed ? next : [repro('generate', options.file)];
  return {
    file: options.file,
    changed,
    change,
    ...(kept !== undefined && { kept }),
    warnings,
    next: rest,
  };
}

function stale(file: string, { base, cache, platforms }: LockfileChange): ReproError {
  const parts = [
    base === undefined ? [] : ['the base'],
    cache === undefined ? [] : ['the package cache'],
    platforms.map(({ name }) => `the packages for ${name}`),
  ].flat();
  const what = parts.length === 0 ? 'its form' : parts.join(', ');
  return new ReproError({
    code: 'E_LOCK_STALE',
    message: `${file} is not what the registry has: ${what}`,
    at: { file },
    hint: `run ${repro('lock', file)} and look at the difference`,
  });
}
