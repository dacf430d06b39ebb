import type { Family } from '../distro/family.ts';

/** What the distros say of their packages; `distro/index.ts` has it. */
export interface DistroRules {
  readonly knownDistros: readonly string[];
  familyOf(distro: string): Pick<Family, 'checkRequest' | 'checkPackage' | 'architecture'> | undefined;
}
