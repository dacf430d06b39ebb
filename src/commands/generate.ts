import { bakeFile } from '../bake/index.ts';
import { type Problem, ReproError, throwAll } from '../errors.ts';
import type { Lockfile } from '../model.ts';
import type { Files } from '../ports.ts';
import { checkOurs, mergedFiles } from './foreign.ts';
import type { Output } from './output.ts';
import { bake, bakeFilePath, readDockerfile, readLockfile, repro } from './project.ts';

export interface GenerateOptions {
  file: string;
  /** `-`: the text is in the result only. */
  output?: string | undefined;
  check?: boolean | undefined;
  locked?: boolean | undefined;
}

export interface GenerateResult extends Output {
  warnings: Problem[];
  next: string[];
}

/** repro.lock -> bake file. Throws E_NOT_OURS, E_OUT_OF_DATE (`check`), what is not pinned (`locked`). */
export async function generate(
  options: GenerateOptions,
  { files }: { files: Files },
): Promise<GenerateResult> {
  const { lockfile } = await readLockfile(options.file, files);
  return generateFrom(lockfile, options, files);
}

/** The same for a lockfile that is in memory. */
export async function generateFrom(
  lockfile: Lockfile,
  options: GenerateOptions,
  files: Files,
): Promise<GenerateResult> {
  const { text, unpinned, names } = await bakeFile(
    lockfile,
    await readDockerfile(options.file, lockfile, files),
  );
  if (options.locked) throwAll(unpinned);
  const path = bakeFilePath(options.file, options.output);
  if (path === '-') return { file: path, changed: false, text, warnings: unpinned, next: [] };

  const before = await files.read(path);
  if (before !== undefined && before !== '') await checkOurs(path, before, names, options.file);
  if (options.check && before !== text) throw outOfDate(path, before, options);
  if (before !== text) await files.write(path, text, before);
  const warnings = [...unpinned, ...(await mergedFiles(path, names, files))];
  const next =
    unpinned.length === 0
      ? [bake(options.file, path, 'app')]
      : [bake(options.file, path, 'pkg-cache'), repro('lock', options.file)];
  return { file: path, changed: before !== text, warnings, next };
}

function outOfDate(path: string, before: string | undefined, options: GenerateOptions): ReproError {
  const output = options.output === undefined ? '' : ` -o ${options.output}`;
  return new ReproError({
    code: 'E_OUT_OF_DATE',
    message:
      before === undefined
        ? `there is no ${path}, which ${options.file} would give`
        : `${path} is not what ${options.file} gives`,
    at: { file: path },
    hint: `run ${repro('generate', options.file)}${output}`,
  });
}
