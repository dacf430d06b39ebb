import { familyOf, knownDistros } from '../distro/index.ts';
import { quote, ReproError } from '../errors.ts';
import { familiarImageReference, type ImageReference } from '../image-ref.ts';
import type { Base } from '../model.ts';
import type { Registry } from '../ports.ts';
import { badImage, type Image, readImage } from './image.ts';
import { layerProblem } from './layer.ts';
import { type OsRelease, parseOsRelease } from './os-release.ts';
import { readRootFile } from './root-file.ts';

/** What a base image says of itself. */
export interface BaseFacts {
  /** All but its name. */
  pins: Omit<Base, 'image'>;
  platforms: string[];
  distro: string;
  /** PRETTY_NAME of its os-release. */
  name?: string;
  /** Where `distro` is one that the image's own ID names as like it: that ID. */
  derived?: string;
}

export interface InspectOptions {
  /** Default: readImage's. */
  platforms?: readonly string[];
  /** The distro that it must be; whatever is not known by name passes for it. */
  distro?: string;
  /** The distro as the user has it: os-release is not looked at. */
  trusted?: boolean;
}

/** Tried in this order (os-release(5)). */
const PATHS = ['etc/os-release', 'usr/lib/os-release'];

/** Throws E_NO_SUCH_IMAGE, E_WRONG_PLATFORM, E_ONBUILD, E_NO_OS_RELEASE, E_UNKNOWN_DISTRO, E_OTHER_DISTRO. */
export async function inspectBase(
  registry: Registry,
  reference: ImageReference,
  options: InspectOptions = {},
): Promise<BaseFacts> {
  const image = await readImage(registry, reference, options.platforms);
  refuseTriggers(reference, image);
  const release = options.trusted ? undefined : await readOsRelease(registry, reference, image);
  const versionId = release?.versionId;
  const created = newest(image.images.map(({ config }) => config.created));
  const user = oneUser(reference, image);
  return {
    pins: {
      digest: image.descriptor.digest,
      ...(versionId !== undefined && /^[A-Za-z0-9._-]+$/.test(versionId) && { release: versionId }),
      ...(created !== undefined && { created }),
      ...(user !== undefined && { user }),
    },
    platforms: image.images.map(({ platform }) => platform),
    ...chooseDistro(reference, release, options.distro),
    ...(release?.prettyName !== undefined && { name: release.prettyName }),
  };
}

/** Its ID, or the first of ID_LIKE that is known. */
function chooseDistro(
  reference: ImageReference,
  release: OsRelease | undefined,
  wanted: string | undefined,
): { distro: string; derived?: string } {
  const name = familiarImageReference(reference);
  if (release === undefined) {
    if (wanted !== undefined) return { distro: wanted };
    throw new ReproError({
      code: 'E_NO_OS_RELEASE',
      message: `${name} has no os-release file, so its distro is not known`,
      hint: `say which it is: --distro ${knownDistros.join('|')}`,
    });
  }
  const ids = [release.id, ...release.idLike];
  const known = ids.find((id) => familyOf(id) !== undefined);
  const distro = wanted !== undefined && (known === undefined || ids.includes(wanted)) ? wanted : known;
  if (distro === undefined) {
    const like = release.idLike.length === 0 ? '' : `, ID_LIKE ${quote(release.idLike.join(' '))}`;
    throw new ReproError({
      code: 'E_UNKNOWN_DISTRO',
      message: `${name} is of a distro that is not supported: its os-release has ID ${quote(release.id)}${like}`,
      hint: `known distros: ${knownDistros.join(', ')}; if it is like one of them: --distro NAME`,
    });
  }
  if (wanted !== undefined && distro !== wanted)
    throw new ReproError({
      code: 'E_OTHER_DISTRO',
      message: `${name} is ${quote(release.id)} by its os-release, and the lockfile says ${quote(wanted)}`,
      hint: 'correct `distro` or `base.image` in the lockfile',
    });
  return distro === release.id || release.id === 'linux' ? { distro } : { distro, derived: release.id };
}

async function readOsRelease(
  registry: Registry,
  reference: ImageReference,
  { images: [first] }: Image,
): Promise<OsRelease | undefined> {
  const layers = first?.manifest.layers ?? [];
  const label = `looking for the os-release of ${familiarImageReference(reference)}`;
  const open = async (index: number) => {
    const layer = layers[index];
    if (layer === undefined) throw new Error(`no layer ${index}`);
    return registry.stream(reference, layer, label);
  };
  try {
    const text = await readRootFile(layers.length, open, PATHS);
    return text === undefined ? undefined : parseOsRelease(text);
  } catch (cause) {
    if (cause instanceof ReproError || !(cause instanceof Error)) throw cause;
    const problem = badImage(reference, `a layer can't be read, ${layerProblem(cause)}`);
    throw new ReproError(problem.problems, { cause });
  }
}

function refuseTriggers(reference: ImageReference, { images }: Image): void {
  const trigger = images.flatMap(({ config }) => config.config?.OnBuild ?? [])[0];
  if (trigger === undefined) return;
  throw new ReproError({
    code: 'E_ONBUILD',
    message: `${familiarImageReference(reference)} has ONBUILD instructions, which every build on it would run, unpinned: ${quote(trigger)}`,
    hint: 'take a base image without them',
  });
}

/** The build goes back to the base's user at its end, and there is one Dockerfile for all platforms. */
function oneUser(reference: ImageReference, { images }: Image): string | undefined {
  const users = new Set(images.map(({ config }) => config.config?.User ?? ''));
  if (users.size > 1)
    throw badImage(reference, `its platforms have different users: ${[...users].map(quote).join(', ')}`);
  const [user] = users;
  return user === '' ? undefined : user;
}

/** RFC 3339, to the second, in UTC; the zero dates of reproducible builders say nothing. */
function newest(dates: readonly (string | undefined)[]): string | undefined {
  const times = dates.map((date) => Date.parse(date ?? '')).filter((time) => time >= 1000);
  return times.length === 0 ? undefined : `${new Date(Math.max(...times)).toISOString().slice(0, 19)}Z`;
}
