export {
  asks,
  diffLockfiles,
  isDifferent,
  type LockfileChange,
  type PlatformChange,
  type Summary,
  summarize,
} from './diff.ts';
export { cacheInputs } from './inputs.ts';
export { type ParseOptions, parseLockfile } from './parse.ts';
export { platformDifferences } from './platforms.ts';
export type { DistroRules } from './rules.ts';
export { serializeLockfile } from './serialize.ts';
