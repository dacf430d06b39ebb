/** A place in a file a person wrote. Line and column count from 1. */
export interface Location {
  file: string;
  line?: number;
  column?: number;
  /** Path of the key, as TOML writes it: `platform[0].packages[3].sha256`. */
  key?: string;
}

/** One thing that a person can act on. */
export interface Problem {
  /** Stable, for scripts and tests: `E_` and capitals. docs/errors.md lists them. */
  code: string;
  /** What is wrong: one sentence without a full stop, no capital. */
  message: string;
  at?: Location;
  /** What to do, where possible the next command. */
  hint?: string;
}

/** The user's problems, all of them at once: reported without a stack trace, exit code 1. Anything else thrown is a bug of ours. */
export class ReproError extends Error {
  readonly problems: readonly [Problem, ...Problem[]];

  constructor(problems: Problem | readonly [Problem, ...Problem[]], options?: ErrorOptions) {
    const list: readonly [Problem, ...Problem[]] = 'code' in problems ? [problems] : problems;
    super(list.map((problem) => problem.message).join('\n'), options);
    this.name = 'ReproError';
    this.problems = list;
  }

  get code(): string {
    return this.problems[0].code;
  }
}

/** All of them at once, where there are any. */
export function throwAll([first, ...others]: readonly Problem[]): void {
  if (first !== undefined) throw new ReproError([first, ...others]);
}

/** Controls, format characters (bidi among them), halves of surrogate pairs, line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from outside, what a terminal acts on or hides escaped. */
export function visible(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** Text from outside within a message: in quotes, what a terminal acts on or hides escaped, cut at 80 characters. */
export function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  const escaped = short.replace(/["\\]/g, '\\$&');
  return `"${visible(escaped)}"`;
}
