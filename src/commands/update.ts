import { dirname, relative } from 'node:path';
import { familyOf } from '../distro/index.ts';
import { diffLockfiles } from '../lockfile/index.ts';
import type { Lockfile } from '../model.ts';
import type { Ports } from '../ports.ts';
import { generateFrom } from './generate.ts';
import { keepCache } from './keep.ts';
import type { LockResult } from './lock.ts';
import { pin } from './pin.ts';
import { pinBase } from './pin-base.ts';
import { bake, bakeFilePath, readLockfile, writeLockfile } from './project.ts';

export interface UpdateOptions {
  file: string;
  /** The bake file. */
  output?: string | undefined;
  base?: boolean | undefined;
  /** Give the cache a tag of its own. */
  keep?: boolean | undefined;
}

export interface UpdateResult extends LockResult {
  bakeFile: string;
}

/**
 * The packages collected anew, pushed, and locked. The lockfile is written once, at the end: until then a failure leaves
 * it, and the bake file that goes with it, as they were.
 */
export async function update(options: UpdateOptions, ports: Ports): Promise<UpdateResult> {
  const { files, registry, docker, hint } = ports;
  const { file } = options;
  const read = await readLockfile(file, files, { incompletePins: 'drop' });
  const bakeFile = bakeFilePath(file, options.output);
  const unpinned = options.base || read.lockfile.base.digest === undefined;
  const wanted = unpinned ? await pinBase(read.lockfile, registry) : read.lockfile;
  let locked: Awaited<ReturnType<typeof pin>>;
  let kept: string | undefined;
  await generateFrom(wanted, options, files);
  try {
    hint(bake(file, bakeFile, 'pkg-cache'));
    await docker.bake(['-f', relative(dirname(file), bakeFile), 'pkg-cache', '--push'], dirname(file));
    locked = await pin(wanted, options, registry);
    if (options.keep) kept = await keepCache(locked.lockfile, registry);
    await writeLockfile(file, read, locked.lockfile, files);
  } catch (error) {
    await restore(read.lockfile, options, ports);
    throw error;
  }
  const generated = await generateFrom(locked.lockfile, options, files);
  return {
    file,
    bakeFile,
    changed: JSON.stringify(locked.lockfile) !== JSON.stringify(read.lockfile),
    change: diffLockfiles(read.lockfile, locked.lockfile, familyOf),
    ...(kept !== undefined && { kept }),
    warnings: [...locked.warnings, ...generated.warnings],
    next: generated.next,
  };
}

/** What went wrong before is what the user should read of. */
async function restore(lockfile: Lockfile, options: UpdateOptions, { files }: Ports): Promise<void> {
  await generateFrom(lockfile, options, files).catch(() => undefined);
}
