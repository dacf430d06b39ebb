import { dirname, relative, sep } from 'node:path';
import * as rules from '../distro/index.ts';
import { type Problem, quote, ReproError } from '../errors.ts';
import { formatImageReference, type ImageReference, parseImageReference } from '../image-ref.ts';
import { serializeLockfile } from '../lockfile/index.ts';
import type { Lockfile } from '../model.ts';
import { type BaseFacts, inspectBase } from '../oci/base.ts';
import type { Ports } from '../ports.ts';
import { checked, repro } from './project.ts';

export interface InitOptions {
  file: string;
  image: string;
  base: string;
  package?: string[] | undefined;
  platform?: string[] | undefined;
  cache?: string | undefined;
  distro?: string | undefined;
  recommends?: boolean | undefined;
  dockerfile?: string | undefined;
  context?: string | undefined;
  target?: string | undefined;
  force?: boolean | undefined;
}

export interface InitResult {
  file: string;
  lockfile: Lockfile;
  /** PRETTY_NAME of the base's os-release. */
  name?: string;
  warnings: Problem[];
  next: string[];
}

/** Writes a new lockfile. Throws E_EXISTS, and what inspectBase throws. */
export async function init(
  options: InitOptions,
  { files, registry }: Pick<Ports, 'files' | 'registry'>,
): Promise<InitResult> {
  const before = await files.read(options.file);
  if (before !== undefined && !options.force)
    throw new ReproError({
      code: 'E_EXISTS',
      message: `there is a lockfile ${options.file} already`,
      at: { file: options.file },
      hint: `edit it with ${repro('add', options.file)} or ${repro('remove', options.file)}, or replace it with --force`,
    });
  checkDistro(options.distro);
  const images = readImages(options);
  const facts = await inspectBase(registry, images.base, {
    ...(options.platform && { platforms: [...new Set(options.platform)] }),
    ...(options.distro !== undefined && { distro: options.distro, trusted: true }),
  });
  const text = serializeLockfile(createLockfile(options, images, facts));
  const lockfile = await checked(text, options.file);
  await files.write(options.file, text, before);
  return {
    file: options.file,
    lockfile,
    ...(facts.name !== undefined && { name: facts.name }),
    warnings: facts.derived === undefined ? [] : [derivedWarning(options.base, facts.derived, facts.distro)],
    next: [repro('generate', options.file)],
  };
}

interface Images {
  image: ImageReference;
  base: ImageReference;
  cache: ImageReference;
}

function readImages(options: InitOptions): Images {
  const image = tagged(options.image, '--image');
  if (image.digest !== undefined) throw notHere(options.image, '--image', 'leave the digest out');
  const cache =
    options.cache === undefined
      ? { ...image, tag: `${image.tag}-pkg-cache` }
      : tagged(options.cache, '--cache');
  if (cache.digest !== undefined) throw notHere(options.cache ?? '', '--cache', 'leave the digest out');
  const base = reference(options.base, '--base');
  if (base.digest !== undefined && base.tag === undefined)
    throw notHere(options.base, '--base', 'name its tag as well: NAME:TAG@DIGEST');
  return { image, cache, base: { tag: 'latest', ...base } };
}

function tagged(text: string, option: string): ImageReference & { tag: string } {
  return { tag: 'latest', ...reference(text, option) };
}

function reference(text: string, option: string): ImageReference {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (!(error instanceof ReproError)) throw error;
    throw new ReproError({ code: error.code, message: `${option}: ${error.message}` }, { cause: error });
  }
}

function notHere(text: string, option: string, hint: string): ReproError {
  return new ReproError({
    code: 'E_IMAGE_REFERENCE',
    message: `${option}: ${quote(text)} can't be used here`,
    hint,
  });
}

function checkDistro(distro: string | undefined): void {
  if (distro === undefined || rules.familyOf(distro) !== undefined) return;
  throw new ReproError({
    code: 'E_UNKNOWN_DISTRO',
    message: `no support for the distro ${quote(distro)}`,
    hint: `known distros: ${rules.knownDistros.join(', ')}`,
  });
}

function createLockfile(options: InitOptions, images: Images, facts: BaseFacts): Lockfile {
  const inside = (path: string) => relative(dirname(options.file), path).split(sep).join('/') || '.';
  return {
    version: 1,
    image: formatImageReference(images.image),
    distro: facts.distro,
    platforms: facts.platforms,
    packages: [...new Set(options.package)],
    ...(options.recommends !== undefined && { recommends: options.recommends }),
    ...(options.dockerfile !== undefined && {
      build: {
        dockerfile: inside(options.dockerfile),
        ...(options.context !== undefined && { context: inside(options.context) }),
        ...(options.target !== undefined && { target: options.target }),
      },
    }),
    base: { image: formatImageReference(withoutDigest(images.base)), ...facts.pins },
    cache: { image: formatImageReference(images.cache) },
  };
}

function withoutDigest({ digest: _, ...reference }: ImageReference): ImageReference {
  return reference;
}

function derivedWarning(base: string, id: string, distro: string): Problem {
  return {
    code: 'E_DERIVED_DISTRO',
    message: `${base} is ${quote(id)} by its os-release, which is like ${distro}: it is treated as ${distro}`,
  };
}
