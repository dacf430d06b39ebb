import { type ChildProcess, spawn } from 'node:child_process';
import { ReproError } from '../errors.ts';
import type { Docker, DockerAnswer } from '../ports.ts';
import { OLDEST_BUILDX as BUILDX, OLDEST_ENGINE as ENGINE } from '../tools.ts';

/** An engine that hangs would have every question wait for ever; buildx itself gives up after 20 seconds. */
const ANSWER_MS = 30_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const docker: Docker = {
  bake,
  ask: (args) => ask(args, ANSWER_MS),
  rebuild: async (...args) => (await import('./rebuild.ts')).rebuild(...args),
};

async function bake(args: readonly string[], folder = '.'): Promise<void> {
  await runBake(args, folder, 'terminal');
}

/** The same with standard input, and with standard output to a file descriptor. */
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

export async function ask(args: readonly string[], limit: number): Promise<DockerAnswer> {
  return run(args, '.', 'pipe', { limit });
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

/**
 * Runs docker without a shell. `terminal`: its output goes to our standard error, since standard output is for results;
 * a number is a file descriptor for it.
 * Throws E_NO_DOCKER, and E_INTERRUPTED where a signal stopped it, one that was passed on to it included.
 */
export async function run(
  args: readonly string[],
  folder: string,
  output: 'terminal' | 'pipe' | number,
  { limit, input }: { limit?: number | undefined; input?: string | undefined } = {},
): Promise<DockerAnswer> {
  let child: ChildProcess | undefined;
  let passedOn: string | undefined;
  const passOn = (signal: NodeJS.Signals) => {
    passedOn = signal;
    child?.kill(signal);
  };
  // Before there is a child: afterwards a signal could come in between, and end us without it.
  for (const signal of SIGNALS) process.on(signal, passOn);
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  try {
    const started = spawn('docker', args, {
      cwd: folder,
      stdio:
        output === 'pipe'
          ? ['ignore', 'pipe', 'ignore']
          : [
              input === undefined ? 'inherit' : 'pipe',
              output === 'terminal' ? process.stderr : output,
              'inherit',
            ],
    });
    child = started;
    // Whoever ends before it has read all of it says why by its exit code.
    started.stdin?.on('error', () => undefined).end(input);
    started.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    return await new Promise<DockerAnswer>((resolve, reject) => {
      if (limit !== undefined)
        timer = setTimeout(() => {
          started.kill();
          // What it started may have the pipe for longer.
          started.stdout?.destroy();
          started.unref();
          reject(silent(args, limit));
        }, limit);
      started.on('error', (cause: NodeJS.ErrnoException) => reject(startFailure(cause)));
      started.on('close', (code, signal) => {
        const stopped = passedOn ?? signal;
        if (stopped === null) resolve({ code: code ?? 1, output: text });
        else reject(interrupted(stopped));
      });
    });
  } finally {
    clearTimeout(timer);
    for (const signal of SIGNALS) process.off(signal, passOn);
  }
}

function silent(args: readonly string[], limit: number): ReproError {
  return new ReproError({
    code: 'E_NO_ENGINE',
    message: `docker ${args.slice(0, 2).join(' ')} did not answer within ${limit / 1000} s`,
    hint: 'see whether the engine hangs, and whether DOCKER_HOST or the docker context leads where it should',
  });
}

function interrupted(signal: string): ReproError {
  return new ReproError({ code: 'E_INTERRUPTED', message: `the build was interrupted (${signal})` });
}

function startFailure(cause: NodeJS.ErrnoException): ReproError {
  const missing = cause.code === 'ENOENT';
  return new ReproError(
    {
      code: 'E_NO_DOCKER',
      message: missing
        ? 'there is no docker command on this machine'
        : `docker can't be started (${cause.code})`,
      hint: 'install docker with its buildx plugin: https://docs.docker.com/engine/install/',
    },
    { cause },
  );
}
