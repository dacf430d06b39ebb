import { cacheInputs } from '../lockfile/index.ts';
import type { Lockfile } from '../model.ts';
import { pinnedName, requestsText } from './pins.ts';

/** Labels of the cache image: what it was collected for. `repro lock` compares them with the lockfile. */
export const labels = {
  inputs: 'repro.inputs',
  base: 'repro.base',
  packages: 'repro.packages',
} as const;

export function cacheLabels(lockfile: Lockfile): Record<string, string> {
  const inputs = cacheInputs(lockfile);
  return {
    ...(inputs === undefined ? {} : { [labels.inputs]: inputs }),
    [labels.base]: pinnedName(lockfile.base.image, lockfile.base.digest),
    [labels.packages]: requestsText(lockfile),
  };
}
