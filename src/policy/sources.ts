import { pinnedName } from '../bake/pins.ts';
import { type Problem, quote } from '../errors.ts';
import { formatImageReference, parseImageReference } from '../image-ref.ts';
import type { Digest, Lockfile } from '../model.ts';

/** What a build may read, beside the files of its own machine. */
export interface Sources {
  /** References with digests, sorted. */
  images: string[];
  /** Whether the Dockerfile may read from Git repositories and web servers. */
  remote: boolean;
}

/**
 * The images that the lockfile pins, and those that the project's own Dockerfile pins by digest. What it names without
 * one is a warning: the policy refuses it.
 */
export async function sourcesOf(
  lockfile: Lockfile,
  dockerfile: string | undefined,
): Promise<{ sources: Sources; warnings: Problem[] }> {
  const { base, cache, build } = lockfile;
  const images = [...names(base.image, base.digest), ...names(cache.image, cache.digest)];
  if (build === undefined || dockerfile === undefined)
    return { sources: { images: sorted(images), remote: false }, warnings: [] };

  const { dockerfileImages } = await import('./dockerfile-images.ts');
  const warnings: Problem[] = [];
  for (const { text, reference, line } of dockerfileImages(lockfile, build, dockerfile)) {
    if (reference?.digest !== undefined) images.push(formatImageReference(reference));
    else
      warnings.push({
        code: 'E_UNPINNED_IMAGE',
        message: `${build.dockerfile} names ${quote(text)} without a digest, and the policy refuses it`,
        at: { file: build.dockerfile, ...(line !== undefined && { line }) },
        hint: 'add the digest: NAME:TAG@sha256:…',
      });
  }
  return { sources: { images: sorted(images), remote: true }, warnings };
}

/** With the tag and without it: it is the digest that decides. */
function names(image: string, digest: Digest | undefined): string[] {
  const reference = { ...parseImageReference(image), ...(digest !== undefined && { digest }) };
  return [formatImageReference(reference), pinnedName(image, digest)];
}

function sorted(images: readonly string[]): string[] {
  return [...new Set(images)].sort();
}
