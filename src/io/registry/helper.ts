import { ReproError } from '../../errors.ts';
import type { Environment } from './proxy.ts';
import { clean } from './text.ts';

/** What Docker's helpers say where they have nothing (github.com/docker/docker-credential-helpers, credentials/error.go). */
const nothing = /credentials not found/i;

/** Asks `docker-credential-NAME get`; undefined where it has no credentials for the server. Throws E_CREDENTIAL_HELPER. */
export async function askHelper(
  name: string,
  server: string,
  env: Environment,
  timeoutMs: number,
): Promise<{ username: string; secret: string } | undefined> {
  const program = `docker-credential-${name}`;
  const fail = (why: string, hint?: string) =>
    new ReproError({
      code: 'E_CREDENTIAL_HELPER',
      message: `the credential helper ${clean(program)} gave nothing for ${server}: ${why}`,
      hint: hint ?? "check credsStore and credHelpers in Docker's config.json, and try `docker login`",
    });
  if (!/^[\w.-]+$/.test(name)) throw fail('its name is not valid');
  const { code, output } = await run(program, server, env, timeoutMs);
  if (code === 'ENOENT')
    throw fail('no such program', `install ${program}, or remove it from Docker's config.json`);
  if (code === 'TIMEOUT') throw fail('it did not answer in time');
  if (code !== 0) {
    if (nothing.test(output)) return undefined;
    const isMessage = typeof code === 'number' && !output.trimStart().startsWith('{');
    const words = isMessage ? clean(output) : '';
    throw fail(words || `it failed (${code})`);
  }
  const answer = parse(output);
  if (answer === undefined) throw fail('its answer is malformed');
  return answer.username === '' && answer.secret === '' ? undefined : answer;
}

/** Never shows the output: it holds the secret. */
function parse(output: string): { username: string; secret: string } | undefined {
  try {
    const { Username: username, Secret: secret } = JSON.parse(output);
    return typeof username === 'string' && typeof secret === 'string' ? { username, secret } : undefined;
  } catch {
    return undefined;
  }
}

async function run(program: string, input: string, env: Environment, timeoutMs: number) {
  const { spawn } = await import('node:child_process');
  return new Promise<{ code: number | string; output: string }>((resolve) => {
    const child = spawn(program, ['get'], { env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (code: number | string) => {
      clearTimeout(timer);
      resolve({ code, output: Buffer.concat(chunks).toString('utf8') });
    };
    const stop = (code: string) => {
      child.kill('SIGKILL');
      // Its own children may keep the pipe open.
      child.stdout.destroy();
      done(code);
    };
    const timer = setTimeout(() => stop('TIMEOUT'), timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > 1_000_000) stop('too much output');
      else chunks.push(chunk);
    });
    child.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'unknown error'));
    child.once('close', (code, signal) => done(code ?? signal ?? 'unknown'));
    // A helper that does not read its input is no error.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${input}\n`);
  });
}
