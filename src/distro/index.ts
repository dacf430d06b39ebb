import type { Lockfile } from '../model.ts';
import { apk } from './apk.ts';
import { apt } from './apt.ts';
import { dnf } from './dnf.ts';
import type { Family } from './family.ts';
import { pacman } from './pacman.ts';
import { zypper } from './zypper.ts';

const families: readonly Family[] = [apk, apt, dnf, pacman, zypper];

/** os-release IDs that have a family, sorted. */
export const knownDistros: readonly string[] = families
  .flatMap((family) => Object.keys(family.distros))
  .sort();

/** The family of an os-release ID. */
export function familyOf(distro: string): Family | undefined {
  return families.find((family) => Object.hasOwn(family.distros, distro));
}

/** That of a lockfile, whose distro was found to be known when it was read. */
export function lockedFamily({ distro }: Lockfile): Family {
  const family = familyOf(distro);
  if (family === undefined) throw new Error(`a validated lockfile has a known distro: ${distro}`);
  return family;
}
