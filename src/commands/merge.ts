import { type Problem, ReproError } from '../errors.ts';
import { conflictRegions, regionText } from '../lockfile/conflict.ts';
import { type Merged, mergeLockfiles } from '../lockfile/merge.ts';
import type { Files } from '../ports.ts';
import { bothTexts, type Labels, labelsOf, parseSides, readTexts } from './merge-sides.ts';
import { checked, repro } from './project.ts';

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

/**
 * Three lockfiles into one. Throws E_CONFLICT where people must decide, and what is wrong with a side or with the result: the
 * output is written nevertheless, as a merge driver has to (gitattributes(5), "Defining a custom merge driver").
 */
export async function merge(options: MergeOptions, { files }: { files: Files }): Promise<MergeResult> {
  const { file } = options;
  const labels = labelsOf(options.label);
  const texts = await readTexts([options.base, options.ours, options.theirs], files);
  const sides = await parseSides(texts, file, labels);
  if (sides instanceof ReproError) {
    await write(options, bothTexts(texts, labels), files);
    throw sides;
  }
  const { base, ours, theirs, warnings } = sides;
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

async function write(options: MergeOptions, text: string, files: Files): Promise<string | undefined> {
  const output = options.output ?? options.ours;
  if (output === '-') return text;
  await files.write(output, text, await files.read(output));
  return undefined;
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
