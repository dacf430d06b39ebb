import { type Problem, ReproError } from '../errors.ts';
import {
  familiarImageReference,
  type ImageReference,
  parseImageReference,
  shortDigest,
} from '../image-ref.ts';
import type { Digest, Lockfile } from '../model.ts';
import { inspectBase } from '../oci/base.ts';
import type { Registry } from '../ports.ts';
import { repro } from './project.ts';

/** The lockfile with the base as its tag has it today. */
export async function pinBase(lockfile: Lockfile, registry: Registry): Promise<Lockfile> {
  const { image } = lockfile.base;
  const { platforms, distro } = lockfile;
  const { pins } = await inspectBase(registry, parseImageReference(image), { platforms, distro });
  return { ...lockfile, base: { image, ...pins } };
}

/** The digest stays, since the cache was collected on it; where the tag is elsewhere by now, that is only said. */
export async function checkBase(
  reference: ImageReference,
  digest: Digest,
  file: string,
  registry: Registry,
): Promise<Problem[]> {
  const name = familiarImageReference(reference);
  const found = await registry.head(reference);
  if (found?.digest === digest) return [];
  if (found !== undefined) {
    const message = `the base ${name} is another image by now: ${shortDigest(found.digest)}, where the lockfile has ${shortDigest(digest)}`;
    return [{ code: 'E_BASE_MOVED', message, hint: `to move to it: ${repro('update', file)} --base` }];
  }
  if ((await registry.head({ ...reference, digest })) !== undefined) {
    const message = `the registry ${reference.domain} has no tag ${name} any more, the base is still there by its digest`;
    return [{ code: 'E_UNTAGGED', message }];
  }
  throw new ReproError({
    code: 'E_NO_SUCH_IMAGE',
    message: `the registry ${reference.domain} has no base ${name} any more, neither by its tag nor by its digest ${shortDigest(digest)}`,
    at: { file, key: 'base.digest' },
    hint: 'push it again, or name another at `base.image` and take `base.digest` out',
  });
}
