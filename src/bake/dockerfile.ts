import type { Family, Intent, Step } from '../distro/family.ts';
import type { Lockfile, Package } from '../model.ts';
import { copyLayers, spread } from './layers.ts';

/*
 * The Dockerfiles of the generated targets. Each defines the stages that named contexts replace: a FROM without
 * such a stage would ask Docker Hub. No `# syntax=`: the builder's own frontend has all that is used, and nothing is pulled.
 */

/** Target `pkg-cache`: the package files, and at last their index as a small layer of its own, which `repro lock` reads. */
export function collectDockerfile(lockfile: Lockfile, family: Family): string {
  const collect = family.collect(intentOf(lockfile));
  const step = { ...collect, script: collect.script + spread };
  return `FROM ${lockfile.base.image} AS base

${scriptStage(step)}
FROM base AS collect
USER root
${run(step)}
FROM scratch
${copyLayers}COPY --from=collect /out/index/ /
`;
}

/** Target `pkg-cache` of a Dockerfile in the method's own shape: what its own stage collected, and the index. */
export function describeDockerfile(lockfile: Lockfile, family: Family): string {
  const step = family.describe();
  return `FROM ${lockfile.base.image} AS base

# Replaced by the Dockerfile's own stage.
FROM scratch AS pkg-cache-local

${scriptStage(step)}
FROM base AS describe
USER root
${run(step, '--mount=from=pkg-cache-local,target=/mnt')}
FROM pkg-cache-local
COPY --from=describe /out/index/ /
`;
}

/** The base with the packages. `locked` is undefined while there is nothing to compare the cache with. */
export function installDockerfile(
  lockfile: Lockfile,
  family: Family,
  locked: readonly Package[] | undefined,
): string {
  const step = family.install(intentOf(lockfile), locked);
  const install = run(step, '--network=none', '--mount=from=pkg-cache,target=/mnt');
  const { image, user } = lockfile.base;
  return `FROM ${image} AS base

# Replaced by the package cache image.
FROM scratch AS pkg-cache

${scriptStage(step)}
FROM base
ARG SOURCE_DATE_EPOCH=0
${user === undefined ? install : `USER root\n${install}USER ${user}\n`}`;
}

function intentOf({ packages, recommends }: Lockfile): Intent {
  return { requests: packages, recommends };
}

/**
 * The script stands in a stage of its own: a builder prints the whole RUN instruction that failed, and below a long
 * one nobody finds the error. /dev is not part of the image, so the mount leaves no trace; and no SHELL of the image comes between.
 */
function scriptStage({ script }: Step): string {
  let terminator = 'SCRIPT';
  while (script.split('\n').includes(terminator)) terminator += '_';
  return `FROM scratch AS script\nCOPY --chmod=0755 <<'${terminator}' /run\n${script}${terminator}\n`;
}

function run({ flags }: Step, ...more: readonly string[]): string {
  return ['RUN', ...more, ...flags, '--mount=from=script,target=/dev/script', '["/dev/script/run"]\n'].join(
    ' \\\n  ',
  );
}
