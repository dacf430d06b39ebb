import { type Problem, quote } from '../errors.ts';
import type { ImageReference } from '../image-ref.ts';
import { type Image, type PlatformImage, readImage } from '../oci/image.ts';
import type { Registry } from '../ports.ts';
import { compareLayers, jsonDifferences } from './differences.ts';

type Reader = Pick<Registry, 'manifest' | 'blob' | 'stream'>;

/** An image, and who has it. */
export interface Side {
  reader: Reader;
  reference: ImageReference;
}

/** How far two images are the same: to the last byte, but for the form of their layers, or in all that a container sees. */
export type Sameness = 'manifest' | 'config' | 'files';

/** What the runtime takes from a configuration (image-spec, config.md); the rest tells of the build. */
const RUNTIME = /^(?:config|os|architecture|variant|rootfs)(?:\.|$)/;
const SHOWN = 50;

/** Two images for the same platforms; `what` names the second one in the problems. */
export async function compareImages(
  what: string,
  before: Side,
  after: Side,
  platforms: readonly string[],
): Promise<{ same: Sameness; problems: Problem[] }> {
  const [old, now] = [await read(before, platforms), await read(after, platforms)];
  if (old.descriptor.digest === now.descriptor.digest) return { same: 'manifest', problems: [] };
  const pairs = old.images.map((image, index) => [image, now.images[index] as PlatformImage] as const);
  if (pairs.every(([a, b]) => a.manifest.config.digest === b.manifest.config.digest))
    return { same: 'config', problems: [] };
  const problems: Problem[] = [];
  for (const [a, b] of pairs) {
    const where = `${what} for ${a.platform}`;
    problems.push(...configProblems(where, a, b), ...(await fileProblems(where, before, a, after, b)));
  }
  return { same: 'files', problems };
}

function read({ reader, reference }: Side, platforms: readonly string[]): Promise<Image> {
  return readImage(reader, reference, platforms);
}

function configProblems(where: string, a: PlatformImage, b: PlatformImage): Problem[] {
  return jsonDifferences(a.config, b.config)
    .filter((key) => RUNTIME.test(key) && !key.startsWith('rootfs'))
    .map((key) => ({
      code: 'E_REBUILT_CONFIG',
      message: `${where} has another configuration: ${quote(key)}`,
    }));
}

async function fileProblems(
  where: string,
  before: Side,
  a: PlatformImage,
  after: Side,
  b: PlatformImage,
): Promise<Problem[]> {
  const [old, now] = [diffIds(a), diffIds(b)];
  const count = Math.max(old.length, now.length);
  const problems: Problem[] = [];
  for (let index = 0; index < count; index++) {
    if (old[index] === now[index]) continue;
    const [first, second] = [await layer(before, a, index), await layer(after, b, index)];
    const files = await compareLayers(first, second);
    const place = `${where}, layer ${index + 1} of ${count}`;
    const found = files.slice(0, SHOWN).map(({ path, what }) => `${quote(path)}: ${what.join('; ')}`);
    if (files.length === 0) found.push('the same files in another archive');
    if (files.length > SHOWN) found.push(`and ${files.length - SHOWN} files more`);
    problems.push(...found.map((text) => ({ code: 'E_REBUILT_FILE', message: `${place}: ${text}` })));
  }
  return problems;
}

function diffIds({ config }: PlatformImage): readonly string[] {
  return config.rootfs?.diff_ids ?? [];
}

async function layer({ reader, reference }: Side, { manifest }: PlatformImage, index: number) {
  const found = manifest.layers[index];
  return found === undefined ? undefined : reader.stream(reference, found, 'comparing the layers');
}
