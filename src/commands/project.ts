import { dirname, join, relative } from 'node:path';
import { unpinnedProblems } from '../bake/pins.ts';
import * as rules from '../distro/index.ts';
import { type Problem, ReproError, throwAll } from '../errors.ts';
import { type ParseOptions, parseLockfile, serializeLockfile } from '../lockfile/index.ts';
import type { Lockfile } from '../model.ts';
import type { Files } from '../ports.ts';
import { DEFAULT_BAKE_FILE, DEFAULT_LOCKFILE } from './defaults.ts';

/** A lockfile as it was read. */
export interface Read {
  text: string;
  lockfile: Lockfile;
}

/** Throws E_NO_LOCKFILE, and what is wrong in the file. */
export async function readLockfile(file: string, files: Files, options?: ParseOptions): Promise<Read> {
  const text = await files.read(file);
  if (text !== undefined) return { text, lockfile: await parseLockfile(text, file, rules, options) };
  throw new ReproError({
    code: 'E_NO_LOCKFILE',
    message: `there is no lockfile ${file}`,
    at: { file },
    hint: `write one with ${repro('init', file)} --image REF --base REF --package NAME, or name another with --file`,
  });
}

/** A lockfile that is locked. Throws E_NOT_LOCKED, E_STALE, and what readLockfile does. */
export async function readLocked(file: string, files: Files): Promise<Lockfile> {
  const { lockfile } = await readLockfile(file, files);
  throwAll(unpinnedProblems(lockfile));
  return lockfile;
}

/** Writes where the text is another; says whether it did. Throws what readLockfile would. */
export async function writeLockfile(
  file: string,
  old: Read,
  lockfile: Lockfile,
  files: Files,
): Promise<boolean> {
  const text = serializeLockfile(lockfile);
  if (text === old.text) return false;
  await checked(text, file);
  await files.write(file, text, old.text);
  return true;
}

/**
 * A text as it will be read again: what a registry says may be more than a lockfile takes. Its places are in no file yet,
 * so the problems name keys only in their message.
 */
export async function checked(text: string, file: string): Promise<Lockfile> {
  try {
    return await parseLockfile(text, file, rules);
  } catch (error) {
    if (!(error instanceof ReproError)) throw error;
    const [first, ...others] = error.problems;
    const plain = ({ at: _, ...problem }: Problem): Problem => problem;
    throw new ReproError([plain(first), ...others.map(plain)], { cause: error });
  }
}

/** The project's own Dockerfile, where the lockfile names one. Throws E_NO_DOCKERFILE. */
export async function readDockerfile(
  file: string,
  lockfile: Lockfile,
  files: Files,
): Promise<string | undefined> {
  if (lockfile.build === undefined) return undefined;
  const path = join(dirname(file), lockfile.build.dockerfile);
  const text = await files.read(path);
  if (text !== undefined) return text;
  throw new ReproError({
    code: 'E_NO_DOCKERFILE',
    message: `there is no ${path}, which ${file} names as the project's own Dockerfile`,
    at: { file, key: 'build.dockerfile' },
    hint: 'write it, or correct the path, which starts from the folder of the lockfile',
  });
}

/** Where the bake file goes: beside the lockfile, since the paths in both start there. */
export function bakeFilePath(file: string, output: string | undefined): string {
  return output ?? join(dirname(file), DEFAULT_BAKE_FILE);
}

/** `repro lock`, with the lockfile's name where it isn't the default. */
export function repro(command: string, file: string): string {
  return file === DEFAULT_LOCKFILE ? `repro ${command}` : `repro ${command} -f ${shown(file)}`;
}

/** `docker buildx bake -f docker-bake.hcl pkg-cache --push`, from the lockfile's folder. */
export function bake(file: string, output: string, target: 'app' | 'pkg-cache'): string {
  const folder = dirname(file);
  const change = folder === '.' ? '' : `cd ${shown(folder)} && `;
  return `${change}docker buildx bake -f ${shown(relative(folder, output))} ${target}${target === 'pkg-cache' ? ' --push' : ''}`;
}

function shown(path: string): string {
  return /^[\w./:\\=@+-]+$/.test(path) ? path : JSON.stringify(path);
}
