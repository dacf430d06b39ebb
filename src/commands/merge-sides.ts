import * as rules from '../distro/index.ts';
import { type Problem, ReproError, throwAll } from '../errors.ts';
import { labelText } from '../lockfile/conflict.ts';
import { parseLockfile } from '../lockfile/index.ts';
import type { Lockfile } from '../model.ts';
import type { Files } from '../ports.ts';

/** What our and their side are called. */
export type Labels = readonly [ours: string, theirs: string];

/** Before git 2.44 the placeholders %X and %Y come as they are. */
export function labelsOf([ours, theirs]: readonly string[] = []): Labels {
  const label = (given: string | undefined, placeholder: string, fallback: string) =>
    given === undefined || given === '' || given === placeholder ? fallback : labelText(given);
  return [label(ours, '%X', 'ours'), label(theirs, '%Y', 'theirs')];
}

type Texts = readonly [base: string, ours: string, theirs: string];

/** git gives three files, always; by hand a name may be wrong. Throws E_READ. */
export async function readTexts(paths: readonly [string, string, string], files: Files): Promise<Texts> {
  const texts = await Promise.all(paths.map((path) => files.read(path)));
  const missing = paths.filter((_, index) => texts[index] === undefined);
  const hint = 'repro merge takes BASE, OURS and THEIRS, in this order';
  throwAll(
    missing.map((path) => {
      const message = `can't read ${path}: there is no such file`;
      return { code: 'E_READ', message, at: { file: path }, hint };
    }),
  );
  const [base = '', ours = '', theirs = ''] = texts;
  return [base, ours, theirs];
}

export interface Sides {
  base: Lockfile | undefined;
  ours: Lockfile;
  theirs: Lockfile;
  warnings: Problem[];
}

/** Or all that is wrong with the two sides. An ancestor that can't be read is none: git makes one up where there are two, conflicts and all. */
export async function parseSides(texts: Texts, file: string, labels: Labels): Promise<Sides | ReproError> {
  const parse = (text: string) =>
    parseLockfile(text, file, rules, { incompletePins: 'drop' }).catch((error: unknown) => {
      if (error instanceof ReproError) return error;
      throw error;
    });
  const [base, ours, theirs] = await Promise.all([parse(texts[0]), parse(texts[1]), parse(texts[2])]);
  const problemsOf = (side: Lockfile | ReproError, label: string): Problem[] =>
    side instanceof ReproError
      ? side.problems.map((problem) => ({ ...problem, at: { ...problem.at, file: `${label}:${file}` } }))
      : [];
  if (ours instanceof ReproError || theirs instanceof ReproError) {
    const problems = [...problemsOf(ours, labels[0]), ...problemsOf(theirs, labels[1])];
    return new ReproError(problems as [Problem, ...Problem[]]);
  }
  if (!(base instanceof ReproError)) return { base, ours, theirs, warnings: [] };
  const message = "the common ancestor can't be read: what one side took away may be there again";
  const warnings = base.code === 'E_EMPTY' ? [] : [{ code: 'E_NO_ANCESTOR', message }];
  return { base: undefined, ours, theirs, warnings };
}

/** For sides that can't be merged: our side as it was would look like the result. */
export function bothTexts([, ours, theirs]: Texts, labels: Labels): string {
  const whole = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  return `<<<<<<< ${labels[0]}\n${whole(ours)}=======\n${whole(theirs)}>>>>>>> ${labels[1]}\n`;
}
