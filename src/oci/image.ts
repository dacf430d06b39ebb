import { ReproError } from '../errors.ts';
import { familiarImageReference, type ImageReference } from '../image-ref.ts';
import type { Descriptor, ImageConfig, ImageManifest, Registry } from '../ports.ts';
import { imagesOf, platformName } from './platform.ts';

/** The image for one platform. */
export interface PlatformImage {
  platform: string;
  manifest: ImageManifest;
  config: ImageConfig;
}

export interface Image {
  /** Of what the registry serves for the reference. */
  descriptor: Descriptor;
  images: PlatformImage[];
}

const CONFIG_LIMIT = 8 * 1024 * 1024;
const PREFERRED = 'linux/amd64';

/**
 * The images behind a reference, for each of the platforms. Default platform: a single image's own, of an index
 * linux/amd64 or the first: never the machine's. Throws E_NO_SUCH_IMAGE, E_WRONG_PLATFORM, E_BAD_IMAGE.
 */
export async function readImage(
  registry: Pick<Registry, 'manifest' | 'blob'>,
  reference: ImageReference,
  wanted: readonly string[] = [],
): Promise<Image> {
  const { descriptor, content } = await registry.manifest(reference);
  if ('layers' in content) {
    const image = await readManifest(registry, reference, content);
    for (const platform of wanted)
      if (platform !== image.platform) throw wrongPlatform(reference, platform, [image.platform]);
    return { descriptor, images: [image] };
  }
  const found = imagesOf(content);
  const names = [...found.keys()];
  const usual = found.has(PREFERRED) ? PREFERRED : names.find((name) => name.startsWith('linux/'));
  const images: PlatformImage[] = [];
  for (const platform of wanted.length > 0 ? wanted : [usual ?? PREFERRED]) {
    const child = found.get(platform);
    if (child === undefined) throw wrongPlatform(reference, platform, names);
    const { content } = await registry.manifest({ ...reference, digest: child.digest });
    if (!('layers' in content)) throw badImage(reference, 'an index within an index');
    const image = await readManifest(registry, reference, content);
    if (image.platform !== platform)
      throw badImage(reference, `its index says ${platform}, the image itself ${image.platform}`);
    images.push(image);
  }
  return { descriptor, images };
}

async function readManifest(
  registry: Pick<Registry, 'manifest' | 'blob'>,
  reference: ImageReference,
  manifest: ImageManifest,
): Promise<PlatformImage> {
  const text = (await registry.blob(reference, manifest.config, CONFIG_LIMIT)).toString('utf8');
  let config: Partial<ImageConfig> | null;
  try {
    config = JSON.parse(text);
  } catch {
    config = null;
  }
  if (typeof config?.os !== 'string' || typeof config.architecture !== 'string')
    throw badImage(reference, 'its configuration names no platform');
  const whole = config as ImageConfig;
  return { platform: platformName(whole), manifest, config: whole };
}

function wrongPlatform(reference: ImageReference, platform: string, found: readonly string[]): ReproError {
  return new ReproError({
    code: 'E_WRONG_PLATFORM',
    message: `${familiarImageReference(reference)} has no image for ${platform}`,
    hint: found.length === 0 ? 'it has none for any platform' : `it has: ${found.join(', ')}`,
  });
}

export function badImage(reference: ImageReference, reason: string): ReproError {
  return new ReproError({
    code: 'E_BAD_IMAGE',
    message: `${familiarImageReference(reference)} can't be used: ${reason}`,
  });
}
