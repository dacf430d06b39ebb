import { type ChildProcess, spawn } from 'node:child_process';
import { ReproError } from '../../errors.ts';
import type { DockerAnswer } from '../../ports.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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
