import { lockedFamily } from '../distro/index.ts';
import { type Problem, quote, ReproError } from '../errors.ts';
import { familiarImageReference, parseImageReference, shortDigest } from '../image-ref.ts';
import type { Digest, Lockfile } from '../model.ts';
import type { Files, Registry } from '../ports.ts';
import { type Claim, checkContent } from '../verify/content.ts';
import { readCacheImages } from '../verify/image.ts';
import { readLayers } from '../verify/layers.ts';
import { isKept } from './keep.ts';
import { readDockerfile, repro } from './project.ts';

/** What a part of the proof came to. */
export interface Part {
  problems: Problem[];
  warnings: Problem[];
}

export type CachePart = Part & { layers: number; bytes: number; untagged: Problem[] };

/** Whether the project's own Dockerfile is in the method's shape: then its stages decide what is in the cache. */
export async function collectsByItself(file: string, lockfile: Lockfile, files: Files): Promise<boolean> {
  const text = await readDockerfile(file, lockfile, files);
  if (text === undefined || lockfile.build === undefined) return false;
  const { shapeOf } = await import('../bake/own-dockerfile.ts');
  return shapeOf(lockfile, lockfile.build, text).kind === 'method';
}

/** The cache by its digest: there, held by a tag, for the right platforms and requests, with just the locked files. */
export async function verifyCache(
  lockfile: Lockfile,
  digest: Digest,
  anyFiles: boolean,
  file: string,
  registry: Registry,
): Promise<CachePart> {
  const nothing = { problems: [], warnings: [], untagged: [], layers: 0, bytes: 0 };
  const family = lockedFamily(lockfile);
  const tagged = parseImageReference(lockfile.cache.image);
  const reference = { ...tagged, digest };
  const name = familiarImageReference(tagged);
  try {
    if ((await registry.head(reference)) === undefined)
      return { ...nothing, problems: [gone(name, tagged.domain, digest, file)] };
    const untagged = await checkTag(lockfile, digest, file, registry);
    const { images, problems } = await readCacheImages(registry, reference, lockfile);
    const all = images.flatMap(({ manifest }) => manifest.layers);
    const layers = await readLayers(registry, reference, all, family.inventory);
    for (const { problem } of layers.values()) if (problem !== undefined) problems.push(problem);
    const warnings: Problem[] = [];
    for (const { platform, manifest } of images) {
      const packages = lockfile.platform?.find((pins) => pins.name === platform)?.packages ?? [];
      const claim: Claim = { where: `${name} for ${platform}`, family, packages, anyFiles };
      const own = manifest.layers.flatMap((layer) => layers.get(layer.digest) ?? []);
      const checked = checkContent(claim, own);
      problems.push(...checked.problems);
      warnings.push(...otherFiles(claim, checked.others));
    }
    const bytes = [...layers.values()].reduce((sum, { size }) => sum + size, 0);
    return { problems, warnings, untagged, layers: layers.size, bytes };
  } catch (error) {
    if (error instanceof ReproError) return { ...nothing, problems: [...error.problems] };
    throw error;
  }
}

/** Registries may take away what no tag leads to. */
async function checkTag(
  { cache }: Lockfile,
  digest: Digest,
  file: string,
  registry: Registry,
): Promise<Problem[]> {
  const reference = parseImageReference(cache.image);
  if ((await registry.head(reference))?.digest === digest) return [];
  if (await isKept(reference, digest, registry)) return [];
  const message = `no tag that is known here leads to the package cache ${familiarImageReference(reference)} as it is locked, ${shortDigest(digest)}: its registry may take it away`;
  return [{ code: 'E_UNTAGGED', message, hint: `give it a tag of its own: ${repro('verify', file)} --keep` }];
}

function gone(name: string, domain: string, digest: Digest, file: string): Problem {
  return {
    code: 'E_NO_SUCH_IMAGE',
    message: `the registry ${domain} has no package cache ${name} with the digest ${shortDigest(digest)} any more`,
    at: { file, key: 'cache.digest' },
    hint: `where the distro still has the packages, collect them again: ${repro('update', file)}`,
  };
}

function otherFiles({ where }: Claim, others: readonly string[]): Problem[] {
  if (others.length === 0) return [];
  const shown = others.slice(0, 8).map(quote).join(', ');
  const more = others.length > 8 ? ` and ${others.length - 8} more` : '';
  const message = `${where} has files beside the locked packages, since the Dockerfile collects by itself: ${shown}${more}`;
  return [{ code: 'E_OTHER_FILES', message }];
}
