import { dirname } from 'node:path';
import { bakeFile } from '../bake/index.ts';
import { type Problem, ReproError, throwAll } from '../errors.ts';
import { familiarImageReference, type ImageReference, parseImageReference } from '../image-ref.ts';
import type { Digest, Lockfile } from '../model.ts';
import type { Ports } from '../ports.ts';
import { compareImages, type Sameness } from '../verify/images.ts';
import { bake, bakeFilePath, readDockerfile } from './project.ts';

export type Target = 'app' | 'pkg-cache';

export interface Rebuild {
  target: Target;
  /** What was built before. */
  image: string;
  digest: Digest;
  same: Sameness;
}

/** Builds again from scratch and compares with what is in the registry. Throws each file that is not the same. */
export async function rebuild(
  target: Target,
  lockfile: Lockfile,
  file: string,
  { files, registry, docker, hint }: Ports,
): Promise<Rebuild> {
  const tagged = parseImageReference(target === 'app' ? lockfile.image : lockfile.cache.image);
  const pushed = target === 'app' ? await pushedApp(tagged, file, registry) : lockfile.cache.digest;
  if (pushed === undefined) throw new Error('the cache has no digest');
  const reference = { ...tagged, digest: pushed };
  const { content } = await registry.manifest(reference);
  const { text } = await bakeFile(lockfile, await readDockerfile(file, lockfile, files));
  hint(`docker buildx bake -f - --no-cache ${target}`);
  const attributes = [
    `oci-mediatypes=${content.mediaType.startsWith('application/vnd.oci.')}`,
    ...(target === 'pkg-cache' ? ['compression=uncompressed', 'force-compression=true'] : []),
  ];
  const output = attributes.map((attribute) => `,${attribute}`).join('');
  const rebuilt = await docker.rebuild(target, text, output, dirname(file)).catch((error) => {
    throw target === 'app' ? error : withMirrorHint(error);
  });
  try {
    const { same, problems } = await compareImages(
      `the rebuilt ${target}`,
      { reader: registry, reference },
      { reader: rebuilt.image, reference: { ...tagged, digest: rebuilt.digest } },
      lockfile.platforms,
    );
    throwAll(withHint(problems, target));
    return { target, image: familiarImageReference(tagged), digest: pushed, same };
  } finally {
    await rebuilt.remove();
  }
}

/** The lockfile has no digest of the app: what its tag leads to is compared. */
async function pushedApp(reference: ImageReference, file: string, registry: Ports['registry']) {
  const found = await registry.head(reference);
  if (found !== undefined) return found.digest;
  throw new ReproError({
    code: 'E_NO_SUCH_IMAGE',
    message: `the registry ${reference.domain} has no image ${familiarImageReference(reference)} that the rebuilt one could be compared with`,
    hint: `push it first: ${bake(file, bakeFilePath(file, undefined), 'app')} --push`,
  });
}

const MIRROR =
  "the distro's mirror may have other packages by now: then only the kept cache has the locked ones";

function withHint(problems: Problem[], target: Target): Problem[] {
  const last = problems.at(-1);
  if (last === undefined) return [];
  const hint =
    target === 'app'
      ? 'a step of the Dockerfile or the script of a package is not the same each time, or the image store is of another kind: see docs/verify.md'
      : MIRROR;
  return [...problems.slice(0, -1), { ...last, hint }];
}

function withMirrorHint(error: unknown): unknown {
  if (!(error instanceof ReproError && error.code === 'E_BUILD_FAILED')) return error;
  const [first] = error.problems;
  return new ReproError({ ...first, hint: MIRROR }, { cause: error });
}
