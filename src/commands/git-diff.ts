import * as rules from '../distro/index.ts';
import { ReproError } from '../errors.ts';
import { asks, parseLockfile } from '../lockfile/index.ts';
import type { Lockfile, Package } from '../model.ts';
import type { Files } from '../ports.ts';
import { compareSources, type DiffResult } from './diff.ts';
import type { Side, Source } from './diff-sides.ts';

/* What git calls. A state of the lockfile that can't be read must not stop git. */

export interface DriverResult {
  file: string;
  diff?: DiffResult;
  /** Why there is none. */
  problem?: string;
}

/** What git gives an external diff driver (git(1), GIT_EXTERNAL_DIFF). */
export async function driverDiff(
  [
    file = '',
    oldFile = '',
    oldId = '',
    oldMode = '',
    newFile = '',
    newId = '',
    newMode = '',
  ]: readonly string[],
  { files }: { files: Files },
): Promise<DriverResult> {
  if (oldFile === '') return { file, problem: 'is not merged yet' };
  const source = async (path: string, id: string, mode: string): Promise<Source> => {
    const isWorkingFile = /^0*$/.test(id);
    const side: Side = { path: file, ...(!isWorkingFile && { id }) };
    return { side, label: file, text: mode === '.' ? undefined : await files.read(path) };
  };
  try {
    const [from, to] = await Promise.all([source(oldFile, oldId, oldMode), source(newFile, newId, newMode)]);
    return { file, diff: await compareSources(from, to) };
  } catch (error) {
    if (!(error instanceof ReproError)) throw error;
    return { file, problem: `can't be compared: ${error.problems[0].message}` };
  }
}

export interface TextconvResult {
  text: string;
  /** Absent where the text is none. */
  lockfile?: Lockfile;
  asked?(platform: string, pkg: Package): boolean;
}

/** What git gives a textconv filter (gitattributes(5)). */
export async function textconv(file: string, { files }: { files: Files }): Promise<TextconvResult> {
  const text = await files.read(file);
  if (text === undefined)
    throw new ReproError({ code: 'E_NO_LOCKFILE', message: `there is no file ${file}`, at: { file } });
  try {
    const lockfile = await parseLockfile(text, file, rules);
    const family = rules.familyOf(lockfile.distro);
    const asked = new Map(lockfile.platforms.map((name) => [name, asks(lockfile, name, family)]));
    return { text, lockfile, asked: (platform, pkg) => asked.get(platform)?.(pkg) === true };
  } catch (error) {
    if (error instanceof ReproError) return { text };
    throw error;
  }
}
