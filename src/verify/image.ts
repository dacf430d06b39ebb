import { cacheLabels, labels } from '../bake/labels.ts';
import { type Problem, quote, ReproError } from '../errors.ts';
import { familiarImageReference, type ImageReference, shortDigest } from '../image-ref.ts';
import type { Lockfile } from '../model.ts';
import { type PlatformImage, readImage } from '../oci/image.ts';
import { platformName } from '../oci/platform.ts';
import type { ImageIndex, Registry } from '../ports.ts';

/** The cache's images for the locked platforms, and what is wrong with them but for their layers. */
export async function readCacheImages(
  registry: Registry,
  reference: ImageReference,
  lockfile: Lockfile,
): Promise<{ images: PlatformImage[]; problems: Problem[] }> {
  const { content } = await registry.manifest(reference);
  const images: PlatformImage[] = [];
  const problems = 'layers' in content ? [] : extraImages(reference, content, lockfile.platforms);
  for (const platform of lockfile.platforms) {
    try {
      images.push(...(await readImage(registry, reference, [platform])).images);
    } catch (error) {
      if (!(error instanceof ReproError && IMAGE_PROBLEMS.includes(error.code))) throw error;
      problems.push(...error.problems);
    }
  }
  return { images, problems: [...problems, ...images.flatMap((image) => wrongLabels(lockfile, image))] };
}

const IMAGE_PROBLEMS = [
  'E_WRONG_PLATFORM',
  'E_BAD_IMAGE',
  'E_NO_SUCH_IMAGE',
  'E_NO_SUCH_BLOB',
  'E_DIGEST_MISMATCH',
  'E_INVALID_MANIFEST',
];

function extraImages(reference: ImageReference, index: ImageIndex, platforms: readonly string[]): Problem[] {
  const left = new Set(platforms);
  return index.manifests
    .map(({ platform, digest }) => ({ name: platform && platformName(platform), digest }))
    .filter(({ name }) => name === undefined || !left.delete(name))
    .map(({ name, digest }) => ({
      code: 'E_CACHE_PLATFORM',
      message: `${familiarImageReference(reference)} has an image that the lockfile does not know: ${shortDigest(digest)}, for ${name === undefined ? 'no platform' : quote(name)}`,
    }));
}

/** `repro.inputs` decides; the others are for people, and need not keep the words' order or the base's name. */
function wrongLabels(lockfile: Lockfile, { platform, config }: PlatformImage): Problem[] {
  const found = config.config?.Labels ?? {};
  const claimed = { ...cacheLabels(lockfile), [labels.inputs]: lockfile.cache.inputs ?? '' };
  const meaning: Record<string, (value: string) => string> = {
    [labels.inputs]: (value) => value,
    [labels.base]: (value) => value.slice(value.indexOf('@')),
    [labels.packages]: (value) => value.split(' ').sort().join(' '),
  };
  return Object.entries(claimed).flatMap(([label, value]) => {
    const has = found[label];
    const mean = meaning[label] ?? String;
    if (has !== undefined && mean(has) === mean(value)) return [];
    const what = has === undefined ? 'no such label' : quote(has);
    const message = `the package cache for ${platform} does not fit the lockfile: its label ${label} should be ${quote(value)}, and there is ${what}`;
    return [{ code: 'E_CACHE_LABEL', message }];
  });
}
