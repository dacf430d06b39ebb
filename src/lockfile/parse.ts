import readToml from '@iarna/toml/parse-string.js';
import { type Problem, ReproError } from '../errors.ts';
import type { Lockfile } from '../model.ts';
import { canonical } from './canonical.ts';
import { fileProblem, newerVersion } from './file.ts';
import { readCanonicalLines } from './lines.ts';
import type { At, Finding } from './read.ts';
import type { DistroRules } from './rules.ts';
import { keyText, serializeLockfile } from './serialize.ts';
import { packageFindings, validate } from './validate.ts';

export interface ParseOptions {
  /**
   * Pins that belong together and are not all there (E_PINS_INCOMPLETE): `drop` them, for the commands that
   * write new ones. Default `refuse`.
   */
  incompletePins?: 'refuse' | 'drop';
}

/** The content of a lockfile, in canonical order. `file` is its name in the problems. Throws all problems at once. */
export async function parseLockfile(
  text: string,
  file: string,
  rules: DistroRules,
  { incompletePins = 'refuse' }: ParseOptions = {},
): Promise<Lockfile> {
  const plain = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  const quick = readQuickly(plain, rules);
  if (quick !== undefined) return quick;
  const wrong = fileProblem(plain, file);
  if (wrong !== undefined) throw new ReproError(wrong);
  const root = await readWhole(plain, file);
  const newer = newerVersion(root, file);
  if (newer !== undefined) throw new ReproError(newer);
  const result = validate(root, rules, incompletePins);
  if ('lockfile' in result) return canonical(result.lockfile);
  throw new ReproError(await problemsOf(result.findings, plain, file));
}

function readQuickly(text: string, rules: DistroRules): Lockfile | undefined {
  const readFrame = (root: Record<string, unknown>, frame: string) => {
    const result = validate(root, rules, 'refuse');
    return 'lockfile' in result && serializeLockfile(result.lockfile) === frame ? result.lockfile : undefined;
  };
  try {
    const lockfile = readCanonicalLines(text, readToml, readFrame);
    return lockfile !== undefined && packageFindings(lockfile, rules).length === 0 ? lockfile : undefined;
  } catch {
    return undefined;
  }
}

async function readWhole(text: string, file: string): Promise<Record<string, unknown>> {
  try {
    return readToml(text);
  } catch (error) {
    // @iarna/toml counts columns in ways of its own, and throws a bare TypeError for a bad date.
    const { syntaxProblem } = await import('./locate.ts');
    const { message, line, column } = syntaxProblem(text) ?? ownProblem(error);
    const problem = { code: 'E_TOML_SYNTAX', message: `not TOML: ${message}`, at: { file, line, column } };
    throw new ReproError(problem, { cause: error });
  }
}

/** What @iarna/toml says of a text that the other reader takes. */
function ownProblem(error: unknown): { message: string; line: number; column: number } {
  const known =
    typeof error === 'object' && error !== null && 'line' in error && typeof error.line === 'number';
  return { message: 'this line has a mistake', line: known ? Number(error.line) + 1 : 1, column: 1 };
}

async function problemsOf(
  findings: [Finding, ...Finding[]],
  text: string,
  file: string,
): Promise<[Problem, ...Problem[]]> {
  const { placesOf } = await import('./locate.ts');
  const placeOf = placesOf(text);
  const toProblem = ({ code, message, at, onKey = false, hint }: Finding): Problem => {
    const path = pathOf(at);
    const place = { file, ...placeOf(path, onKey), ...(path.length > 0 && { key: pathText(path) }) };
    return { code, message, at: place, ...(hint !== undefined && { hint }) };
  };
  const [first, ...rest] = findings.map(toProblem).sort(byPlace);
  return [first as Problem, ...rest];
}

function byPlace({ at: a }: Problem, { at: b }: Problem): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

function pathOf(at: At | undefined): (string | number)[] {
  const path: (string | number)[] = [];
  for (let here = at; here !== undefined; here = here.parent) path.unshift(here.key);
  return path;
}

/** `platform[0].packages[3].sha256`. */
function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>((before, part) => {
    if (typeof part === 'number') return `${before}[${part}]`;
    return before === '' ? keyText(part) : `${before}.${keyText(part)}`;
  }, '');
}
