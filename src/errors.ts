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
