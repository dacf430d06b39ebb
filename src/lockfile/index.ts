import type { Family } from '../distro/family.ts';

/** What the distros say of their packages; `distro/index.ts` has it. */
export interface DistroRules {
  readonly knownDistros: readonly string[];
  familyOf(distro: string): Pick<Family, 'checkRequest' | 'checkPackage' | 'architecture'> | undefined;
}

export { diffLockfiles, type LockfileChange, type PlatformChange } from './diff.ts';
export { cacheInputs } from './inputs.ts';
export { type ParseOptions, parseLockfile } from './parse.ts';
export { platformDifferences } from './platforms.ts';
export { serializeLockfile } from './serialize.ts';
