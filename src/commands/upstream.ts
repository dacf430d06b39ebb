import { dirname } from 'node:path';
import { bakeFile, upstreamBakeFile } from '../bake/index.ts';
import { lockedFamily } from '../distro/index.ts';
import { type Problem, quote, ReproError, throwAll } from '../errors.ts';
import type { Lockfile } from '../model.ts';
import { readImage } from '../oci/image.ts';
import { layerEntries } from '../oci/layer-files.ts';
import type { Ports, Rebuilt } from '../ports.ts';
import { compareUpstream, type Known, readUpstream, type Upstream } from '../verify/upstream.ts';
import { readDockerfile } from './project.ts';
import { collectsByItself } from './verify-cache.ts';

/** A build step that asks the distro, and how its answer is read. */
interface Question {
  target: string;
  bakeFile: string;
  /** In the image's last layer. */
  answer: string;
  read(text: string): readonly Known[];
}

/**
 * Asks the distro, by a build step on the base image, for the hashes of the locked packages. Throws E_NOT_YET, and
 * E_UPSTREAM_CHANGED for each package that the distro has with another hash.
 */
export async function askUpstream(
  lockfile: Lockfile,
  file: string,
  { files, docker, hint }: Pick<Ports, 'files' | 'docker' | 'hint'>,
): Promise<{ upstream: Upstream[]; warnings: Problem[] }> {
  const question = await questionFor(lockfile, file, files);
  hint(`docker buildx bake -f - --no-cache ${question.target}`);
  const built = await docker.rebuild(question.target, question.bakeFile, '', dirname(file));
  try {
    const compared = [];
    for (const pins of lockfile.platform ?? []) {
      const text = await answerFor(built, question.answer, pins.name);
      compared.push(compareUpstream(pins, question.read(text)));
    }
    throwAll(compared.flatMap(({ problems }) => problems));
    const upstream = compared.map((each) => each.upstream);
    return { upstream, warnings: upstream.flatMap(goneWarning) };
  } finally {
    await built.remove();
  }
}

/** Where no index with hashes is signed, the packages are: they are collected once more, as for a cache. */
async function questionFor(lockfile: Lockfile, file: string, files: Ports['files']): Promise<Question> {
  const own = upstreamBakeFile(lockfile);
  if (own !== undefined) return { target: 'upstream', bakeFile: own, answer: 'upstream', read: readUpstream };
  const family = lockedFamily(lockfile);
  if (await collectsByItself(file, lockfile, files))
    throw new ReproError({
      code: 'E_NOT_YET',
      message: `the Dockerfile collects the packages by itself, and verify --upstream can't ask ${quote(lockfile.distro)} for their hashes yet`,
      hint: 'run repro verify without it',
    });
  const { text } = await bakeFile(lockfile, await readDockerfile(file, lockfile, files));
  return { target: 'pkg-cache', bakeFile: text, answer: family.inventory, read: family.readInventory };
}

async function answerFor({ image, digest }: Rebuilt, file: string, platform: string): Promise<string> {
  const reference = { domain: 'localhost', path: 'upstream', digest };
  const [found] = (await readImage(image, reference, [platform])).images;
  const layer = found?.manifest.layers.at(-1);
  if (layer !== undefined)
    for await (const { path, text } of layerEntries(await image.stream(reference, layer, ''), file))
      if (path === file && text !== undefined) return text;
  throw new Error(`the build step wrote no ${file}`);
}

function goneWarning({ name, gone }: Upstream): Problem[] {
  if (gone.length === 0) return [];
  const shown = gone.slice(0, 20).map(quote).join(', ');
  const more = gone.length > 20 ? ` and ${gone.length - 20} more` : '';
  const message = `${gone.length} of the packages for ${name} are not what the distro has today, so it does not say anything of them: ${shown}${more}`;
  return [{ code: 'E_UPSTREAM_GONE', message }];
}
