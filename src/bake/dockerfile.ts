import type { Family, Step } from '../distro/family.ts';
import type { Lockfile, Package } from '../model.ts';
import { copyLayers, spread } from './layers.ts';
import { intentFor, lockedFor } from './pins.ts';

/*
 * The Dockerfiles of the generated targets. Each defines the stages that named contexts replace: a FROM without
 * such a stage would ask Docker Hub. No `# syntax=`: the builder's own frontend has all that is used, and nothing is pulled.
 */

/** Target `pkg-cache`: the package files, and at last their index as a small layer of its own, which `repro lock` reads. */
export function collectDockerfile(lockfile: Lockfile, family: Family): string {
  const steps = perPlatform(lockfile, (platform) => {
    const step = family.collect(intentFor(lockfile, platform));
    return { ...step, script: step.script + spread };
  });
  return `FROM ${lockfile.base.image} AS base

${scriptStages(steps)}
FROM base AS collect
USER root
${run(steps)}
FROM scratch
${copyLayers}COPY --from=collect /out/index/ /
`;
}

/** Target `pkg-cache` of a Dockerfile in the method's own shape: what its own stage collected, and the index. */
export function describeDockerfile(lockfile: Lockfile, family: Family): string {
  const steps = perPlatform(lockfile, () => family.describe());
  return `FROM ${lockfile.base.image} AS base

# Replaced by the Dockerfile's own stage.
FROM scratch AS pkg-cache-local

${scriptStages(steps)}
FROM base AS describe
USER root
${run(steps, '--mount=from=pkg-cache-local,target=/mnt')}
FROM pkg-cache-local
COPY --from=describe /out/index/ /
`;
}

/** The base with the packages. */
export function installDockerfile(lockfile: Lockfile, family: Family): string {
  const steps = perPlatform(lockfile, (platform) =>
    family.install(intentFor(lockfile, platform), lockedFor(lockfile, platform)),
  );
  const install = run(steps, '--network=none', '--mount=from=pkg-cache,target=/mnt');
  const { image, user } = lockfile.base;
  return `FROM ${image} AS base

# Replaced by the package cache image.
FROM scratch AS pkg-cache

${scriptStages(steps)}
FROM base
ARG SOURCE_DATE_EPOCH=0
${user === undefined ? install : `USER root\n${install}USER ${user}\n`}`;
}

/** What the distro has today of the locked packages: a file in an image of nothing else. */
export function upstreamDockerfile(lockfile: Lockfile, ask: (packages: readonly Package[]) => Step): string {
  const steps = perPlatform(lockfile, (platform) => ask(lockedFor(lockfile, platform) ?? []));
  return `FROM ${lockfile.base.image} AS base

${scriptStages(steps)}
FROM base AS ask
USER root
${run(steps)}
FROM scratch
COPY --from=ask /out/ /
`;
}

interface PlatformStep extends Step {
  /** `amd64`, `armv7`: TARGETARCH and TARGETVARIANT. */
  machine: string;
}

function perPlatform({ platforms }: Lockfile, make: (platform: string) => Step): PlatformStep[] {
  return platforms.map((platform) => ({ ...make(platform), machine: platform.split('/').slice(1).join('') }));
}

/**
 * The script stands in a stage of its own: a builder prints the whole RUN instruction that failed, and below a long
 * one nobody finds the error. Where the platforms have different scripts, each has its stage.
 */
function scriptStages(steps: readonly PlatformStep[]): string {
  const [first, ...others] = steps;
  if (first === undefined) throw new Error('a lockfile has a platform');
  if (others.every(({ script }) => script === first.script)) return scriptStage('script', first);
  const stages = steps.map((step) => `${scriptStage(`script-${step.machine}`, step)}\n`);
  return `${stages.join('')}FROM script-\${TARGETARCH}\${TARGETVARIANT} AS script\n`;
}

function scriptStage(name: string, { script }: Step): string {
  let terminator = 'SCRIPT';
  while (script.split('\n').includes(terminator)) terminator += '_';
  return `FROM scratch AS ${name}\nCOPY --chmod=0755 <<'${terminator}' /run\n${script}${terminator}\n`;
}

/** /dev is not part of the image, so the mount leaves no trace; and in this form no SHELL of the image comes between. */
function run([step]: readonly PlatformStep[], ...more: readonly string[]): string {
  const flags = [...more, ...(step?.flags ?? []), '--mount=from=script,target=/dev/script'];
  return ['RUN', ...flags, '["/dev/script/run"]\n'].join(' \\\n  ');
}
