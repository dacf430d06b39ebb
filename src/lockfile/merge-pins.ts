import { parseImageReference, repositoryOf } from '../image-ref.ts';
import type { Base, Digest, Lockfile, PlatformPins } from '../model.ts';
import { mergeValue, type Pick, type Sides } from './three-way.ts';

type Lockfiles = Sides<Lockfile> & { ours: Lockfile; theirs: Lockfile };

/** A base's pins are its image's: they come from a side that has the merged image, and from none where both moved them. */
export function mergeBase({ base, ours, theirs }: Lockfiles, pick: Pick): Base {
  const images = { base: base?.base.image, ours: ours.base.image, theirs: theirs.base.image };
  const image = mergeValue('base.image', images, pick) ?? ours.base.image;
  const pinsOf = (lockfile: Lockfile | undefined): Omit<Base, 'image'> | undefined => {
    if (lockfile?.base.image !== image || lockfile.base.digest === undefined) return undefined;
    const { image: _, ...pins } = lockfile.base;
    return pins;
  };
  if (ours.base.image !== image) return { image, ...pinsOf(theirs) };
  if (theirs.base.image !== image) return { image, ...pinsOf(ours) };
  const pins = { base: pinsOf(base), ours: pinsOf(ours), theirs: pinsOf(theirs) };
  return { image, ...mergeValue('base.digest', pins, neither) };
}

/** Where both moved a pin, it is dropped: the next `repro update` finds a new one. */
const neither: Pick = () => undefined as never;

export interface CachePins {
  pins?: { digest: Digest; inputs: Digest; platform: PlatformPins[] };
  twoCaches: boolean;
  superseded?: 'ours' | 'theirs';
}

/** The pins of the cache of a side whose inputs are those of the merged intent; of none where that is still to be decided. */
export function mergeCachePins(
  { base, ours, theirs }: Lockfiles,
  left: Lockfile,
  right: Lockfile,
  leftInputs: Digest | undefined,
  rightInputs: Digest | undefined,
): CachePins {
  const repository = repositoryOfCache(left);
  const isDecided = leftInputs === rightInputs && repositoryOfCache(right) === repository;
  if (leftInputs === undefined || !isDecided) return { twoCaches: false };
  const pinsOf = (lockfile: Lockfile | undefined): CachePins['pins'] => {
    const { digest, inputs } = lockfile?.cache ?? {};
    if (lockfile?.platform === undefined || digest === undefined || inputs !== leftInputs) return undefined;
    if (repositoryOfCache(lockfile) !== repository) return undefined;
    return { digest, inputs, platform: lockfile.platform };
  };
  const pins = { base: pinsOf(base), ours: pinsOf(ours), theirs: pinsOf(theirs) };
  if (pins.ours !== undefined && pins.theirs !== undefined) {
    const kept = mergeValue('cache.digest', pins, neither);
    return { twoCaches: kept === undefined, ...(kept !== undefined && { pins: kept }) };
  }
  const kept = pins.ours ?? pins.theirs;
  if (kept === undefined) return { twoCaches: false };
  const moved = ({ cache }: Lockfile) => cache.digest !== undefined && cache.digest !== base?.cache.digest;
  const superseded = pins.ours === undefined ? 'ours' : 'theirs';
  return { pins: kept, twoCaches: false, ...(moved(ours) && moved(theirs) && { superseded }) };
}

function repositoryOfCache({ cache }: Lockfile): string {
  return repositoryOf(parseImageReference(cache.image));
}
