import type { Descriptor, ImageConfig, ImageIndex } from '../ports.ts';

type Platform = Pick<ImageConfig, 'os' | 'architecture' | 'variant'>;

/** Variants that go without saying, and those that are meant where none is said (containerd's platforms, normalisation). */
const UNSAID: Record<string, string> = { amd64: 'v1', arm64: 'v8' };
const MEANT: Record<string, string> = { arm: 'v7' };

/** `linux/amd64`, `linux/arm/v7`: one spelling for each platform. */
export function platformName({ os, architecture, variant }: Platform): string {
  const own = variant === undefined || variant === '' ? MEANT[architecture] : variant;
  const shown = own === undefined || own === UNSAID[architecture] ? '' : `/${own}`;
  return `${os}/${architecture}${shown}`;
}

/** The images of an index by platform. Attestations are no images: BuildKit gives them the platform unknown/unknown. */
export function imagesOf(index: ImageIndex): Map<string, Descriptor> {
  const images = new Map<string, Descriptor>();
  for (const { platform, mediaType, digest, size } of index.manifests) {
    if (platform === undefined || platform.os === 'unknown') continue;
    const name = platformName(platform);
    // As BuildKit does, the first of two wins.
    if (!images.has(name)) images.set(name, { mediaType, digest, size });
  }
  return images;
}
