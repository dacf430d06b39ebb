import type { Problem, ReproError } from '../errors.ts';
import type { Paint } from './paint.ts';

/** What a run leaves to print, and its exit code: 0 fine, 1 a problem the user can act on, 2 bad usage, 130 interrupted. */
export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** What the person should know beside the result: goes to standard error. */
export interface Notes {
  warnings?: readonly Problem[];
  /** Commands to run next. */
  next?: readonly string[];
}

export function success(result: Notes, text: string, json: boolean, paint: Paint): Outcome {
  if (json) return { exitCode: 0, stdout: toJson(result), stderr: '' };
  const warnings = (result.warnings ?? []).map((warning) => problemText(warning, 'warning', paint));
  const next = (result.next ?? []).map(
    (command, index) => `${paint('bold', index === 0 ? 'next:' : 'then:')} ${command}\n`,
  );
  return { exitCode: 0, stdout: text, stderr: [...warnings, ...next].join('') };
}

/** With `--json`, problems are the result, so they are on standard output. */
export function failure(error: ReproError, json: boolean, paint: Paint, trouble = 1): Outcome {
  const exitCode = EXIT_CODES[error.code] ?? trouble;
  if (json) return { exitCode, stdout: toJson({ problems: error.problems }), stderr: '' };
  const stderr = error.problems.map((problem) => problemText(problem, 'error', paint)).join('');
  return { exitCode, stdout: '', stderr };
}

const EXIT_CODES: Record<string, number> = { E_USAGE: 2, E_INTERRUPTED: 130 };

/** Anything that is not a ReproError. */
export function bug(error: unknown, version: string, paint: Paint): Outcome {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const stderr = `${paint('red', 'error:')} this is a bug of repro ${version}, please report it with what follows\n${stack}\n`;
  return { exitCode: 1, stdout: '', stderr };
}

function problemText(problem: Problem, kind: 'error' | 'warning', paint: Paint): string {
  const lines = [
    `${paint(kind === 'error' ? 'red' : 'yellow', `${kind}:`)} ${problem.message} ${paint('dim', `[${problem.code}]`)}`,
  ];
  const { file, line, column, key } = problem.at ?? {};
  if (file !== undefined && line !== undefined) {
    const place = column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
    lines.push(`  ${paint('dim', 'at:')} ${key === undefined ? place : `${place} (${key})`}`);
  }
  if (problem.hint !== undefined) lines.push(`  ${paint('cyan', 'hint:')} ${problem.hint}`);
  return `${lines.join('\n')}\n`;
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
