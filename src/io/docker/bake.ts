import { ReproError } from '../../errors.ts';
import { OLDEST_BUILDX as BUILDX, OLDEST_ENGINE as ENGINE } from '../../tools.ts';
import { run } from './process.ts';

/** `docker buildx bake …`, with its input, and its standard output to our standard error or to a file descriptor. */
export async function runBake(
  args: readonly string[],
  folder: string,
  output: 'terminal' | number,
  input?: string,
): Promise<void> {
  await checkBuildx();
  const exit = await run(['buildx', 'bake', ...args], folder, output, { input });
  if (exit.code !== 0) throw await buildFailure(exit.code);
}

/** The plugin's version is read from `github.com/docker/buildx v0.13.1 7884339…`. */
async function checkBuildx(): Promise<void> {
  const { code, output } = await run(['buildx', 'version'], '.', 'pipe');
  const { coerce, lt } = (await import('semver')).default;
  const version = code === 0 ? coerce(output.replace(/^\S+\s+/, '')) : null;
  if (version === null)
    throw new ReproError({
      code: 'E_NO_BUILDX',
      message: 'docker has no buildx plugin',
      hint: 'install it: https://docs.docker.com/build/install-buildx/',
    });
  if (lt(version, BUILDX))
    throw new ReproError({
      code: 'E_OLD_BUILDX',
      message: `buildx ${version.version} is too old, ${BUILDX} or newer is needed`,
      hint: 'update it: https://docs.docker.com/build/install-buildx/',
    });
}

/** The builder may be elsewhere, so the engine is asked only once the build has failed. */
async function buildFailure(code: number): Promise<ReproError> {
  const message = `the build failed (docker buildx bake ended with exit code ${code}), its output is above`;
  const engine = await run(['version', '--format', '{{.Server.Version}}'], '.', 'pipe');
  if (engine.code !== 0)
    return new ReproError({
      code: 'E_NO_ENGINE',
      message: `${message}; no docker engine answers here either`,
      hint: 'start the engine, or choose a builder that has its own: docker buildx use NAME',
    });
  const { coerce, lt } = (await import('semver')).default;
  const version = coerce(engine.output);
  return new ReproError({
    code: 'E_BUILD_FAILED',
    message,
    ...(version !== null &&
      lt(version, ENGINE) && {
        hint: `docker engine ${version.version} is older than ${ENGINE}, which has BuildKit inside`,
      }),
  });
}
