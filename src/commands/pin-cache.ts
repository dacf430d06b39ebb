import { labels } from '../bake/labels.ts';
import { pinnedName, requestsText } from '../bake/pins.ts';
import { lockedFamily } from '../distro/index.ts';
import { type Problem, quote, ReproError } from '../errors.ts';
import { familiarImageReference, type ImageReference, parseImageReference } from '../image-ref.ts';
import { cacheInputs } from '../lockfile/index.ts';
import type { Digest, Lockfile, PlatformPins } from '../model.ts';
import { readImage } from '../oci/image.ts';
import { notACache, readInventory } from '../oci/inventory.ts';
import type { Registry } from '../ports.ts';
import { bake, bakeFilePath, repro } from './project.ts';

/** What the commands that collect are called with. */
export interface Collect {
  /** The lockfile. */
  file: string;
  /** The bake file. */
  output?: string | undefined;
}

/** The lockfile with the cache's pins; undefined where there is no such image. Throws E_CACHE_STALE, E_NOT_A_CACHE. */
export async function pinCache(
  lockfile: Lockfile,
  options: Collect,
  registry: Registry,
): Promise<{ lockfile: Lockfile; warnings: Problem[] } | undefined> {
  const { image, digest, inputs: collected } = lockfile.cache;
  const inputs = cacheInputs(lockfile);
  if (inputs === undefined) throw new Error('the base has no digest');
  const reference = parseImageReference(image);
  const found = await registry.head(reference);
  if (digest !== undefined && collected === inputs) {
    if (found?.digest === digest) return { lockfile, warnings: [] };
    if (found === undefined && (await registry.head({ ...reference, digest })) !== undefined) {
      const name = familiarImageReference(reference);
      const message = `the registry ${reference.domain} has no tag ${name} any more, the package cache is still there by its digest`;
      const hint = `its registry may take it away; to give it a tag of its own: ${repro('verify', options.file)} --keep`;
      return { lockfile, warnings: [{ code: 'E_UNTAGGED', message, hint }] };
    }
  }
  if (found === undefined) return undefined;
  const platform = await readCache(lockfile, reference, found.digest, inputs, options, registry);
  const cache = { image, digest: found.digest, inputs };
  return { lockfile: { ...lockfile, cache, platform }, warnings: [] };
}

async function readCache(
  lockfile: Lockfile,
  reference: ImageReference,
  digest: Digest,
  inputs: Digest,
  options: Collect,
  registry: Registry,
): Promise<PlatformPins[]> {
  const family = lockedFamily(lockfile);
  // By the digest, so that a push in between can't mix two images.
  const { images } = await readImage(registry, { ...reference, digest }, lockfile.platforms).catch(
    (error) => {
      throw withCollectHint(error, options);
    },
  );
  const pins: PlatformPins[] = [];
  for (const { platform, manifest, config } of images) {
    const found = config.config?.Labels ?? {};
    if (found[labels.inputs] === undefined) throw notACache(reference, `it has no label ${labels.inputs}`);
    if (found[labels.inputs] !== inputs) throw staleCache(lockfile, reference, found, options);
    const text = await readInventory(registry, reference, manifest, family.inventory);
    pins.push({ name: platform, packages: family.readInventory(text) });
  }
  return pins;
}

function staleCache(
  lockfile: Lockfile,
  reference: ImageReference,
  found: Readonly<Record<string, string>>,
  options: Collect,
): ReproError {
  const { base } = lockfile;
  const differences = [
    different('for', found[labels.packages], requestsText(lockfile)),
    different('on', shortened(found[labels.base]), shortened(pinnedName(base.image, base.digest))),
  ].filter((part) => part !== undefined);
  const difference = differences.join(', and ') || 'with other settings than those of the lockfile';
  return new ReproError({
    code: 'E_CACHE_STALE',
    message: `the package cache ${familiarImageReference(reference)} was collected ${difference}`,
    at: { file: options.file },
    hint: collectHint(options),
  });
}

/** A platform that the cache was not collected for yet. */
function withCollectHint(error: unknown, options: Collect): unknown {
  if (!(error instanceof ReproError && error.code === 'E_WRONG_PLATFORM')) return error;
  const [problem] = error.problems;
  return new ReproError(
    { ...problem, hint: `${problem.hint}; ${collectHint(options)}`, at: { file: options.file } },
    { cause: error },
  );
}

function different(how: string, has = '', wanted: string): string | undefined {
  return has === wanted ? undefined : `${how} ${quote(has)} where the lockfile has ${quote(wanted)}`;
}

/** The first digits of a digest tell two bases apart. */
function shortened(image = ''): string {
  return image.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1');
}

export function noCache({ cache }: Lockfile, options: Collect): ReproError {
  const reference = parseImageReference(cache.image);
  return new ReproError({
    code: 'E_NO_SUCH_IMAGE',
    message: `the registry ${reference.domain} has no package cache ${familiarImageReference(reference)}`,
    at: { file: options.file, key: 'cache.image' },
    hint: collectHint(options),
  });
}

/** From a lockfile whose base is pinned to one whose cache is. */
export function collectSteps({ file, output }: Collect): string[] {
  const generate = output === undefined ? repro('generate', file) : `${repro('generate', file)} -o ${output}`;
  return [generate, bake(file, bakeFilePath(file, output), 'pkg-cache'), repro('lock', file)];
}

function collectHint(options: Collect): string {
  return `run ${repro('update', options.file)}, or: ${collectSteps(options).join(', then ')}`;
}
