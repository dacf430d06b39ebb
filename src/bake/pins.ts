import type { Intent } from '../distro/family.ts';
import type { Problem } from '../errors.ts';
import { formatImageReference, parseImageReference, repositoryOf } from '../image-ref.ts';
import { cacheInputs } from '../lockfile/index.ts';
import type { Digest, Lockfile, Package } from '../model.ts';

const collect =
  'run repro update, or: repro generate, docker buildx bake -f docker-bake.hcl pkg-cache --push, repro lock';

/** What keeps an image from being built from pins only: nothing, where the lockfile is locked. `so` says what that means. */
export function unpinnedProblems({ base, cache, ...lockfile }: Lockfile, so = ''): Problem[] {
  if (base.digest === undefined) {
    const message = `the base image ${base.image} is not pinned yet`;
    return [{ code: 'E_NOT_LOCKED', message, hint: 'run repro lock' }];
  }
  if (cache.digest === undefined) {
    const message = `the package cache ${cache.image} is not pinned yet${so}`;
    return [{ code: 'E_NOT_LOCKED', message, hint: collect }];
  }
  if (cache.inputs !== cacheInputs({ ...lockfile, base, cache })) {
    const message = `the package cache was collected for another base, or for other packages, than the lockfile names now${so}`;
    return [{ code: 'E_STALE', message, hint: collect }];
  }
  return [];
}

/** `NAME@sha256:…`, or the tag while there is no digest. BuildKit would ignore a tag beside a digest. */
export function pinnedName(image: string, digest: Digest | undefined): string {
  const reference = parseImageReference(image);
  return digest === undefined ? formatImageReference(reference) : `${repositoryOf(reference)}@${digest}`;
}

/** What is asked for on one platform. */
export function intentFor(lockfile: Lockfile, platform: string): Intent {
  const { packages, recommends, 'platform-packages': some } = lockfile;
  return { requests: [...packages, ...(some?.[platform] ?? [])], recommends };
}

/** The locked packages of one platform; undefined while there is nothing to compare the cache with. */
export function lockedFor(lockfile: Lockfile, platform: string): readonly Package[] | undefined {
  if (unpinnedProblems(lockfile).length > 0) return undefined;
  return lockfile.platform?.find(({ name }) => name === platform)?.packages;
}

/** For people, and for a Dockerfile that installs by itself: what is asked for on all platforms, and on some. */
export function requestsText({ packages, 'platform-packages': some = {} }: Lockfile): string {
  return [...new Set([...packages, ...Object.values(some).flat()])].join(' ');
}
