import { type Problem, ReproError } from '../errors.ts';
import { parseImageReference } from '../image-ref.ts';
import { platformDifferences } from '../lockfile/index.ts';
import type { Lockfile } from '../model.ts';
import type { Registry } from '../ports.ts';
import { checkBase, pinBase } from './pin-base.ts';
import { type Collect, collectSteps, noCache, pinCache } from './pin-cache.ts';

export interface Pinned {
  lockfile: Lockfile;
  warnings: Problem[];
  /** Commands that are left to run before the cache can be pinned. */
  next: string[];
}

/** The lockfile with the pins that the registry has for it. One HEAD a reference where nothing changed. */
export async function pin(lockfile: Lockfile, options: Collect, registry: Registry): Promise<Pinned> {
  const pinned = await readPins(lockfile, options, registry);
  const differences = platformDifferences(pinned.lockfile.platform ?? []);
  return { ...pinned, warnings: [...pinned.warnings, ...differences] };
}

async function readPins(lockfile: Lockfile, options: Collect, registry: Registry): Promise<Pinned> {
  const { digest, image } = lockfile.base;
  if (digest === undefined) return pinBoth(lockfile, options, registry);
  const [warnings, cached] = await Promise.all([
    checkBase(parseImageReference(image), digest, options.file, registry),
    pinCache(lockfile, options, registry),
  ]);
  if (cached === undefined) throw noCache(lockfile, options);
  return { lockfile: cached.lockfile, warnings: [...warnings, ...cached.warnings], next: [] };
}

const NO_CACHE_YET = ['E_CACHE_STALE', 'E_NOT_A_CACHE', 'E_WRONG_PLATFORM'];

/** With a base that has just been pinned, there can hardly be a cache for it yet: that is no failure. */
async function pinBoth(lockfile: Lockfile, options: Collect, registry: Registry): Promise<Pinned> {
  const based = await pinBase(lockfile, registry);
  const next = collectSteps(options);
  try {
    const cached = await pinCache(based, options, registry);
    return cached === undefined ? { lockfile: based, warnings: [], next } : { ...cached, next: [] };
  } catch (error) {
    if (!(error instanceof ReproError && NO_CACHE_YET.includes(error.code))) throw error;
    return { lockfile: based, warnings: [...error.problems], next };
  }
}
