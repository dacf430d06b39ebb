import { ReproError } from '../errors.ts';
import {
  familiarImageReference,
  type ImageReference,
  parseImageReference,
  repositoryOf,
} from '../image-ref.ts';
import type { Digest, Lockfile } from '../model.ts';
import type { Registry } from '../ports.ts';

/**
 * The tag that holds a cache in its registry for good. `sha256-…` alone is taken: for what refers to an image
 * (distribution-spec, "Referrers Tag Schema"), and for cosign's signatures.
 */
export function keepTag(digest: Digest): string {
  return `pkg-cache-${digest.replace(':', '-')}`;
}

/** Whether that tag leads to the cache. */
export async function isKept(
  { domain, path }: ImageReference,
  digest: Digest,
  registry: Registry,
): Promise<boolean> {
  return (await registry.head({ domain, path, tag: keepTag(digest) }))?.digest === digest;
}

/** Puts that tag on the locked cache. Returns its name, also where it was there already. Throws E_TAG_TAKEN. */
export async function keepCache({ cache }: Lockfile, registry: Registry): Promise<string> {
  const { image, digest } = cache;
  if (digest === undefined) throw new Error('the cache has no digest');
  const { domain, path } = parseImageReference(image);
  const tag = keepTag(digest);
  const kept = familiarImageReference({ domain, path, tag });
  const found = await registry.head({ domain, path, tag });
  if (found === undefined) await registry.tag({ domain, path, digest }, tag);
  else if (found.digest !== digest)
    throw new ReproError({
      code: 'E_TAG_TAKEN',
      message: `${kept} is another image than its tag says: ${found.digest}`,
      hint: `somebody moved it: find out who, and delete the tag in ${repositoryOf({ domain, path })}`,
    });
  return kept;
}
