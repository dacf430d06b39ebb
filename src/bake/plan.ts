import { posix } from 'node:path';
import type { Family } from '../distro/family.ts';
import type { Build, Lockfile } from '../model.ts';
import {
  collectDockerfile,
  describeDockerfile,
  installDockerfile,
  upstreamDockerfile,
} from './dockerfile.ts';
import type { Block, Value } from './hcl.ts';
import { cacheLabels } from './labels.ts';
import type { Shape } from './own-dockerfile.ts';
import { pinnedName, requestsText, unpinnedProblems } from './pins.ts';

/** A bake target's attributes, by bake's own names (docs.docker.com/build/bake/reference). */
type Target = Record<string, Value | undefined>;

/** The blocks of the bake file. `shape` is that of the project's own Dockerfile, where there is one. */
export function planBake(lockfile: Lockfile, family: Family, shape: Shape | undefined): Block[] {
  return [
    { type: 'group', name: 'default', attributes: { targets: ['app'] } },
    ...appTargets(lockfile, family, shape),
    ...cacheTargets(lockfile, family, shape),
  ];
}

function appTargets(lockfile: Lockfile, family: Family, shape: Shape | undefined): Block[] {
  const locked = unpinnedProblems(lockfile).length === 0;
  const { image, cache, build } = lockfile;
  const pkgCache = locked ? `docker-image://${pinnedName(cache.image, cache.digest)}` : 'target:pkg-cache';
  const contexts = toMap({ base: baseContext(lockfile), 'pkg-cache': pkgCache });
  const head = { tags: [image], labels: lockfile.labels && toMap(lockfile.labels), ...common(lockfile) };
  const epoch = { SOURCE_DATE_EPOCH: String(epochOf(lockfile)) };
  const install: Target = {
    contexts,
    args: toMap(epoch),
    'dockerfile-inline': { heredoc: installDockerfile(lockfile, family) },
  };
  const withPackages = 'The base image with the packages.';
  if (shape === undefined || build === undefined) {
    return [target('app', withPackages, { ...head, ...install })];
  }
  const own = { ...head, ...ownDockerfile(build, build.target) };
  if (shape.kind === 'method') {
    const args = toMap({ ...epoch, ...build.args, PACKAGES: requestsText(lockfile) });
    const comment = "The project's own Dockerfile, which installs the packages itself.";
    return [target('app', comment, { ...own, contexts, args })];
  }
  const bases = toMap(Object.fromEntries(shape.bases.map((name) => [name, 'target:packages'])));
  const comment = "The project's own Dockerfile: what it calls its base image is the target below.";
  return [
    target('app', comment, { ...own, contexts: bases, args: toMap({ ...epoch, ...build.args }) }),
    target('packages', withPackages, { ...common(lockfile), ...install }),
  ];
}

function cacheTargets(lockfile: Lockfile, family: Family, shape: Shape | undefined): Block[] {
  const { build, cache } = lockfile;
  const base = baseContext(lockfile);
  const epoch = { SOURCE_DATE_EPOCH: '0' };
  const pkgCache: Target = {
    tags: [cache.image],
    labels: toMap(cacheLabels(lockfile)),
    ...common(lockfile),
    // Package files are compressed already, and without gzip every builder makes the same bytes.
    output: ['type=image,oci-mediatypes=true,compression=uncompressed,force-compression=true'],
    args: toMap(epoch),
  };
  const comment = 'The package files, collected anew each time. After a push, `repro lock` pins the result.';
  if (shape?.kind !== 'method' || build === undefined) {
    const collect: Target = {
      contexts: toMap({ base }),
      'no-cache-filter': ['collect'],
      'dockerfile-inline': { heredoc: collectDockerfile(lockfile, family) },
    };
    return [target('pkg-cache', comment, { ...pkgCache, ...collect })];
  }
  const local: Target = {
    ...ownDockerfile(build, 'pkg-cache-local'),
    ...common(lockfile),
    contexts: toMap({ base }),
    args: toMap({ ...epoch, ...build.args, PACKAGES: requestsText(lockfile) }),
    'no-cache': true,
  };
  const describe: Target = {
    contexts: toMap({ base, 'pkg-cache-local': 'target:pkg-cache-local' }),
    'dockerfile-inline': { heredoc: describeDockerfile(lockfile, family) },
  };
  return [
    target('pkg-cache-local', "What the Dockerfile's own stage collects.", local),
    target('pkg-cache', comment, { ...pkgCache, ...describe }),
  ];
}

/** Another bake file, for `verify --upstream` only. */
export function planUpstream(lockfile: Lockfile, ask: NonNullable<Family['upstream']>): Block[] {
  const attributes: Target = {
    ...common(lockfile),
    contexts: toMap({ base: baseContext(lockfile) }),
    'dockerfile-inline': { heredoc: upstreamDockerfile(lockfile, ask) },
  };
  return [target('upstream', 'What the distro has today of the locked packages.', attributes)];
}

function target(name: string, comment: string, attributes: Target): Block {
  return { type: 'target', name, comment, attributes };
}

function common({ platforms }: Lockfile): Target {
  // Attestations hold times and random ids: with them no two builds have one digest.
  return { platforms, attest: ['type=provenance,disabled=true', 'type=sbom,disabled=true'] };
}

/** bake joins the path of the Dockerfile to that of the context. */
function ownDockerfile({ dockerfile, context = '.' }: Build, stage: string | undefined): Target {
  return { context, dockerfile: posix.relative(context, dockerfile), target: stage };
}

function baseContext({ base }: Lockfile): string {
  return `docker-image://${pinnedName(base.image, base.digest)}`;
}

/** Seconds since 1970: what the build makes is as old as the base image. */
function epochOf({ base }: Lockfile): number {
  return base.created === undefined ? 0 : Date.parse(base.created) / 1000;
}

function toMap(record: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(record));
}
