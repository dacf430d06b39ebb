import { createHash } from 'node:crypto';
import type { Family } from '../distro/family.ts';
import { parseImageReference, repositoryOf } from '../image-ref.ts';
import { canonical, compare } from '../lockfile/canonical.ts';
import { serializeLockfile } from '../lockfile/index.ts';
import type { Digest, Lockfile, Package } from '../model.ts';
import { imagePurl, packagePurl } from './purl.ts';

/** One thing that the bill lists. */
export interface Part {
  /** The same for the same thing, in every bill: letters, digits, `.` and `-` (SPDX 2.3, 7.2). */
  id: string;
  kind: 'image' | 'distro' | 'package';
  name: string;
  version?: string;
  purl?: string;
  /** Of a package file, or of an image's manifest or index. */
  sha256?: string;
  /** The source package, where its name is another. */
  source?: string;
}

export interface Relation {
  from: Part;
  how: 'contains' | 'derived from' | 'built with' | 'has variant';
  to: Part;
}

/** What both formats say. */
export interface Bill {
  /** Follows from the lockfile's content. */
  uuid: string;
  app: Part;
  base: Part;
  cache: Part;
  distro: Part;
  /** The app image of each platform, where there are several. */
  variants: Part[];
  packages: Part[];
  relations: Relation[];
}

/** The bill of materials of a lockfile that is locked. */
export function billOf(lockfile: Lockfile, family: Family): Bill {
  const { platform: pins = [] } = canonical(lockfile);
  const app = image('app', lockfile.image);
  const base = image('base', lockfile.base.image, lockfile.base.digest);
  const cache = image('pkg-cache', lockfile.cache.image, lockfile.cache.digest);
  const { release } = lockfile.base;
  const distro: Part = {
    // trivy knows an operating system in SPDX by this.
    id: 'OperatingSystem',
    kind: 'distro',
    name: lockfile.distro,
    ...(release !== undefined && { version: release }),
  };
  const images = pins.length === 1 ? [app] : pins.map(({ name }) => variant(lockfile.image, name));

  const variants = images.filter((part) => part !== app);
  const contents = pins.map((pin) => pin.packages.map((pkg) => packagePart(pkg, lockfile, family)));
  // One part where two platforms have the same file.
  const packages = [...new Map(contents.flat().map((part) => [part.id, part])).values()].sort(byName);
  return {
    uuid: uuidOf(serializeLockfile(lockfile)),
    ...{ app, base, cache, distro, variants, packages },
    relations: [
      { from: app, how: 'derived from', to: base },
      { from: app, how: 'built with', to: cache },
      { from: base, how: 'contains', to: distro },
      ...variants.map((to): Relation => ({ from: app, how: 'has variant', to })),
      ...images.flatMap((from, index) =>
        (contents[index] ?? []).map((to): Relation => ({ from, how: 'contains', to })),
      ),
      ...packages.map((to): Relation => ({ from: cache, how: 'contains', to })),
    ],
  };
}

function image(id: string, name: string, digest?: Digest): Part {
  const { tag, ...rest } = parseImageReference(name);
  const reference = { ...rest, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
  const version = tag ?? digest;
  return {
    ...{ id, kind: 'image', name: repositoryOf(reference), purl: imagePurl(reference) },
    ...(version !== undefined && { version }),
    ...(digest !== undefined && { sha256: digest.slice('sha256:'.length) }),
  };
}

/** `linux/arm/v7`: one of the images that the app's index leads to. */
function variant(name: string, platform: string): Part {
  const [, arch] = platform.split('/');
  return {
    ...image(`app-${platform.replaceAll('/', '-')}`, name),
    name: `${repositoryOf(parseImageReference(name))} (${platform})`,
    purl: imagePurl(parseImageReference(name), arch),
  };
}

function packagePart(pkg: Package, lockfile: Lockfile, family: Family): Part {
  const { name, version, sha256, source } = pkg;
  const purl = packagePurl(pkg, lockfile, family);
  // A name alone is not enough: rpm may have two versions of one, and openSUSE has a noarch file for each architecture.
  const id = `${name.replace(/[^A-Za-z0-9.-]/g, '-')}-${sha256Of(`${purl}\n${sha256}`).slice(0, 16)}`;
  return { id, kind: 'package', name, version, purl, sha256, ...(source !== undefined && { source }) };
}

function byName(a: Part, b: Part): number {
  return compare(a.name, b.name) || compare(a.version ?? '', b.version ?? '') || compare(a.id, b.id);
}

/** A UUID made from a text (RFC 9562, 5.8). */
function uuidOf(text: string): string {
  const bytes = Buffer.from(sha256Of(text).slice(0, 32), 'hex');
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
