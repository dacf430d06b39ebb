import { type Problem, ReproError } from '../errors.ts';
import { conflictRegions, labelText, regionText } from '../lockfile/conflict.ts';
import { type Merged, mergeLockfiles } from '../lockfile/merge.ts';
import type { Lockfile } from '../model.ts';
import type { Files } from '../ports.ts';
import { checked, readLockfile, repro } from './project.ts';

export interface MergeOptions {
  /** What the lockfile is called in the project: git gives the three others in temporary files. */
  file: string;
  /** The common ancestor; an empty file where there is none. */
  base: string;
  ours: string;
  theirs: string;
  /** Default: `ours`, as git wants it; `-`: the text is in the result only. */
  output?: string | undefined;
  /** Names of our and of their side, for the markers. */
  label?: string[] | undefined;
}

export interface MergeResult {
  file: string;
  /** Only where the output is `-`. */
  text?: string;
  dropped: Merged['dropped'];
  warnings: Problem[];
  next: string[];
}

type Labels = readonly [ours: string, theirs: string];

/**
 * Three lockfiles into one. Throws E_CONFLICT where people must decide, and what is wrong with a side or with the result: the
 * output is written nevertheless, as a merge driver has to (gitattributes(5), "Defining a custom merge driver").
 */
export async function merge(options: MergeOptions, { files }: { files: Files }): Promise<MergeResult> {
  const { file } = options;
  const labels = labelsOf(options.label);
  const { base, ours, theirs, warnings } = await readSides(options, labels, files);
  const merged = mergeLockfiles(base, ours, theirs, labels);
  const text = await write(options, merged.text, files);
  if (merged.conflicts.length > 0) throw conflict(merged, labels, file);
  await checked(merged.text, file).catch((error) => {
    throw withHint(
      error,
      `both sides are right, and together they are not: correct ${file}, then run ${repro('update', file)}`,
    );
  });
  const { dropped } = merged;
  return {
    file,
    ...(text !== undefined && { text }),
    dropped,
    warnings: [...warnings, ...pinWarnings(merged, labels, file)],
    next: [nextCommand(merged, file)],
  };
}

/** An ancestor that can't be read is none: git makes one up where there are two, with their conflicts. Of the sides, all problems. */
async function readSides(
  options: MergeOptions,
  labels: Labels,
  files: Files,
): Promise<{ base: Lockfile | undefined; ours: Lockfile; theirs: Lockfile; warnings: Problem[] }> {
  const read = (path: string) =>
    readLockfile(path, files, { incompletePins: 'drop' }).then(
      ({ lockfile }) => lockfile,
      (error: unknown) => {
        if (error instanceof ReproError) return error;
        throw error;
      },
    );
  const [base, ours, theirs] = await Promise.all([options.base, options.ours, options.theirs].map(read));
  const problems = [ours, theirs].flatMap((side, index) => {
    const file = `${labels[index]}:${options.file}`;
    const named = (problem: Problem): Problem => ({ ...problem, at: { ...problem.at, file } });
    return side instanceof ReproError ? side.problems.map(named) : [];
  });
  const [first, ...others] = problems;
  if (first !== undefined || ours instanceof ReproError || theirs instanceof ReproError) {
    await write(options, await bothTexts(options, labels, files), files);
    throw new ReproError([first as Problem, ...others]);
  }
  if (ours === undefined || theirs === undefined) throw new Error('each side was read');
  if (!(base instanceof ReproError)) return { base, ours, theirs, warnings: [] };
  const message = "the common ancestor can't be read: what one side took away may be there again";
  const isEmpty = base.code === 'E_EMPTY';
  return { base: undefined, ours, theirs, warnings: isEmpty ? [] : [{ code: 'E_NO_ANCESTOR', message }] };
}

/** Left as it is, our side would look like the result of the merge. */
async function bothTexts({ ours, theirs }: MergeOptions, labels: Labels, files: Files): Promise<string> {
  const lines = async (path: string) => {
    const text = (await files.read(path)) ?? '';
    return text === '' || text.endsWith('\n') ? text : `${text}\n`;
  };
  const [left, right] = await Promise.all([lines(ours), lines(theirs)]);
  return `<<<<<<< ${labels[0]}\n${left}=======\n${right}>>>>>>> ${labels[1]}\n`;
}

async function write(options: MergeOptions, text: string, files: Files): Promise<string | undefined> {
  const output = options.output ?? options.ours;
  if (output === '-') return text;
  await files.write(output, text, await files.read(output));
  return undefined;
}

/** Before git 2.44 the placeholders %X and %Y come as they are. */
function labelsOf([ours, theirs]: readonly string[] = []): Labels {
  const label = (given: string | undefined, placeholder: string, fallback: string) =>
    given === undefined || given === '' || given === placeholder ? fallback : labelText(given);
  return [label(ours, '%X', 'ours'), label(theirs, '%Y', 'theirs')];
}

function conflict({ text, conflicts }: Merged, [ours, theirs]: Labels, file: string): ReproError {
  const regions = conflictRegions(text.split('\n'));
  const keys = conflicts.map((key) => `\`${key}\``).join(', ');
  return new ReproError({
    code: 'E_CONFLICT',
    message: `${ours} and ${theirs} changed ${keys} in different ways: ${file} has both, in ${regionText(regions)}`,
    at: { file, line: regions[0]?.[0] ?? 1 },
    hint: `keep one side of each, take the markers out, then run ${repro('update', file)} and git add ${file}`,
  });
}

function pinWarnings(
  { dropped, twoCaches, superseded }: Merged,
  [ours, theirs]: Labels,
  file: string,
): Problem[] {
  const warnings: Problem[] = [];
  const warn = (message: string) => warnings.push({ code: 'E_PINS_DROPPED', message, at: { file } });
  if (dropped.includes('base'))
    warn(`${ours} and ${theirs} pinned the base to different images: it is not pinned any more`);
  if (twoCaches)
    warn(
      `${ours} and ${theirs} each collected the packages for what both ask for: the package cache is not pinned any more`,
    );
  else if (dropped.includes('cache'))
    warn(`neither side's package cache is for what both ask for together: it is not pinned any more`);
  if (superseded !== undefined) {
    const [kept, lost] = superseded === 'ours' ? [theirs, ours] : [ours, theirs];
    warn(
      `the packages are those that ${kept} collected; ${lost} had collected anew, too, maybe newer versions`,
    );
  }
  return warnings;
}

/** Of two pushes of one cache, the registry has the later: that can be pinned without collecting. */
function nextCommand({ dropped, twoCaches, superseded }: Merged, file: string): string {
  if (twoCaches) return repro('lock', file);
  return repro(dropped.length > 0 || superseded !== undefined ? 'update' : 'generate', file);
}

function withHint(error: unknown, hint: string): unknown {
  if (!(error instanceof ReproError)) return error;
  const [first, ...others] = error.problems;
  return new ReproError([{ ...first, hint: first.hint ?? hint }, ...others], { cause: error });
}
