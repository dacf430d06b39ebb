import type { Family } from '../distro/family.ts';
import type { Problem } from '../errors.ts';
import { formatImageReference, parseImageReference, repositoryOf } from '../image-ref.ts';
import { cacheInputs } from '../lockfile/inputs.ts';
import type { Digest, Lockfile } from '../model.ts';
import { collectDockerfile, describeDockerfile, installDockerfile } from './dockerfile.ts';
import type { Block, Value } from './hcl.ts';
import { labels } from './labels.ts';
import type { Shape } from './own-dockerfile.ts';

/** What keeps the lockfile from being built from pins only: nothing, where it is locked. */
export function unpinnedProblems(lockfile: Lockfile): Problem[] {
  const hint =
    'run repro update, or: repro generate, docker buildx bake -f docker-bake.hcl pkg-cache --push, repro lock';
  if (lockfile.base.digest === undefined) {
    return [
      {
        code: 'E_NOT_LOCKED',
        message: `the base image ${lockfile.base.image} is not pinned yet`,
        hint: 'run repro lock',
      },
    ];
  }
  if (lockfile.cache.digest === undefined) {
    return [
      { code: 'E_NOT_LOCKED', message: `the package cache ${lockfile.cache.image} is not pinned yet`, hint },
    ];
  }
  if (lockfile.cache.inputs !== cacheInputs(lockfile)) {
    return [
      {
        code: 'E_STALE',
        message: `the package cache was collected for another base, or for other packages, than the lockfile names now`,
        hint,
      },
    ];
  }
  return [];
}

/** The targets of the bake file. `shape` is that of the project's own Dockerfile, where there is one. */
export function planBake(lockfile: Lockfile, family: Family, shape: Shape | undefined): Block[] {
  const locked = unpinnedProblems(lockfile).length === 0;
  const base = imageContext(lockfile.base.image, lockfile.base.digest);
  const cache = locked ? imageContext(lockfile.cache.image, lockfile.cache.digest) : 'target:pkg-cache';
  const own = ownBuild(lockfile);
  const requests = lockfile.packages.join(' ');
  const common = {
    platforms: lockfile.platforms,
    // Attestations hold times and random ids: with them no two builds have one digest.
    attest: ['type=provenance,disabled=true', 'type=sbom,disabled=true'],
  };
  const app = {
    tags: [lockfile.image],
    ...(lockfile.labels === undefined ? {} : { labels: toMap(lockfile.labels) }),
    ...common,
  };
  const appArgs = { ...lockfile.build?.args, SOURCE_DATE_EPOCH: String(epochOf(lockfile)) };
  const install: Record<string, Value> = {
    contexts: toMap({ base, 'pkg-cache': cache }),
    args: toMap({ SOURCE_DATE_EPOCH: appArgs.SOURCE_DATE_EPOCH }),
    'dockerfile-inline': {
      heredoc: installDockerfile(lockfile, family, locked ? lockfile.platform?.[0]?.packages : undefined),
    },
  };
  const cacheTarget = {
    tags: [lockfile.cache.image],
    labels: toMap(cacheLabels(lockfile)),
    ...common,
    args: toMap({ SOURCE_DATE_EPOCH: '0' }),
    // Package files are compressed already, and without gzip every builder makes the same bytes.
    output: ['type=image,oci-mediatypes=true,compression=uncompressed,force-compression=true'],
  };

  const blocks: Block[] = [{ type: 'group', name: 'default', attributes: { targets: ['app'] } }];
  if (shape === undefined) {
    blocks.push({
      type: 'target',
      name: 'app',
      comment: 'The base image with the packages.',
      attributes: { ...app, ...install },
    });
  }
  if (shape?.kind === 'plain') {
    const contexts = toMap(Object.fromEntries(shape.contexts.map((name) => [name, 'target:packages'])));
    blocks.push(
      {
        type: 'target',
        name: 'app',
        comment: "The project's own Dockerfile: its base image stands for the target below.",
        attributes: { ...app, ...own, contexts, args: toMap(appArgs) },
      },
      {
        type: 'target',
        name: 'packages',
        comment: 'The base image with the packages.',
        attributes: { ...common, ...install },
      },
    );
  }
  if (shape?.kind === 'method') {
    const args = toMap({ ...appArgs, PACKAGES: requests });
    blocks.push({
      type: 'target',
      name: 'app',
      comment: "The project's own Dockerfile, which installs the packages itself.",
      attributes: { ...app, ...own, contexts: toMap({ base, 'pkg-cache': cache }), args },
    });
    blocks.push({
      type: 'target',
      name: 'pkg-cache-local',
      comment: 'What its own stage collects.',
      attributes: {
        ...own,
        target: 'pkg-cache-local',
        contexts: toMap({ base }),
        args: toMap({ ...lockfile.build?.args, PACKAGES: requests, SOURCE_DATE_EPOCH: '0' }),
        ...common,
        'no-cache': true,
      },
    });
  }
  blocks.push({
    type: 'target',
    name: 'pkg-cache',
    comment: 'The package files, collected anew each time. After a push, `repro lock` pins the result.',
    attributes: {
      ...cacheTarget,
      ...(shape?.kind === 'method'
        ? {
            contexts: toMap({ base, 'pkg-cache-local': 'target:pkg-cache-local' }),
            'dockerfile-inline': { heredoc: describeDockerfile(lockfile, family) },
          }
        : {
            contexts: toMap({ base }),
            'no-cache-filter': ['collect'],
            'dockerfile-inline': { heredoc: collectDockerfile(lockfile, family) },
          }),
    },
  });
  return blocks;
}

function ownBuild({ build }: Lockfile): Record<string, Value> {
  if (build === undefined) return {};
  return {
    context: build.context ?? '.',
    dockerfile: build.dockerfile,
    ...(build.target === undefined ? {} : { target: build.target }),
  };
}

function cacheLabels(lockfile: Lockfile): Record<string, string> {
  const inputs = cacheInputs(lockfile);
  return {
    ...(inputs === undefined ? {} : { [labels.inputs]: inputs }),
    [labels.base]: imageOf(lockfile.base.image, lockfile.base.digest),
    [labels.packages]: lockfile.packages.join(' '),
  };
}

/** The digest alone decides; BuildKit ignores a tag beside it. */
function imageContext(image: string, digest: Digest | undefined): string {
  return `docker-image://${imageOf(image, digest)}`;
}

function imageOf(image: string, digest: Digest | undefined): string {
  const reference = parseImageReference(image);
  return digest === undefined ? formatImageReference(reference) : `${repositoryOf(reference)}@${digest}`;
}

/** Seconds since 1970: what this build makes is as old as the base image. */
function epochOf({ base }: Lockfile): number {
  return base.created === undefined ? 0 : Date.parse(base.created) / 1000;
}

function toMap(record: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(record));
}
