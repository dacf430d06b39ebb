import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The machine lacks something that the tests' engine needs: not a failure of what is tested. */
export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';
}

/** A progress line. */
export function say(text: string): void {
  process.stderr.write(`engine: ${text}\n`);
}

/** Standard output of a program that has to succeed. */
export function run(command: string, args: readonly string[], env = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const tail = `${stderr}`.trimEnd().split('\n').slice(-15).join('\n');
      reject(new Error(`${[command, ...args].join(' ')}: ${tail || error.message}`, { cause: error }));
    });
    child.stdin?.end();
  });
}

/** Whether a program can be run and succeeds. */
export const succeeds = (command: string, args: readonly string[], env = process.env): Promise<boolean> =>
  run(command, args, env).then(
    () => true,
    () => false,
  );

/** Polls until `ready` is true; `gone` says why waiting makes no sense any more. */
export async function waitFor(
  what: string,
  ready: () => Promise<boolean>,
  gone: () => string | undefined = () => undefined,
  seconds = 90,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await ready())) {
    const reason = gone();
    if (reason !== undefined) throw new Error(`${what} stopped: ${reason}`);
    if (Date.now() > end) throw new Error(`${what} was not ready after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** Where slow results are kept between runs, outside the checkout. */
export function cacheFolder(...path: string[]): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(process.env['REPRO_ENGINE_CACHE'] || join(base, 'repro-engine'), ...path);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const UNUSED_DAYS = 14;

/** The folder of a kind and key; made by `make` when it isn't there, whole or not at all. */
export async function cached(
  kind: string,
  key: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const parent = cacheFolder(kind);
  const folder = join(parent, key.slice(0, 16));
  const now = new Date();
  if (
    await utimes(folder, now, now).then(
      () => true,
      () => false,
    )
  )
    return folder;
  for (const name of await readdir(parent)) {
    const old = join(parent, name);
    const info = await stat(old).catch(() => undefined);
    if (info !== undefined && now.getTime() - info.mtimeMs > UNUSED_DAYS * 86_400_000) {
      await rm(old, { recursive: true, force: true });
    }
  }
  const fresh = `${folder}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    await make(fresh);
    // Another process may have been first: its result is as good.
    await rename(fresh, folder).catch(async (error) => {
      if (
        !(await stat(folder).then(
          () => true,
          () => false,
        ))
      )
        throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
