import { type Location, type Problem, ReproError } from '../../errors.ts';

/** What is looked at, in the order of the report. */
export const CHECKS = [
  'lockfile',
  'bake file',
  'Dockerfile',
  'docker',
  'buildx',
  'engine',
  'builder',
  'image store',
  'platforms',
  'base',
  'cache',
] as const;
export type Check = (typeof CHECKS)[number];

export type Severity = 'ok' | 'warning' | 'error';

export interface Finding {
  check: Check;
  severity: Severity;
  /** Absent where all is well. */
  code?: string;
  message: string;
  at?: Location;
  /** What to do, where possible a command. */
  fix?: string;
}

export function fine(check: Check, message: string): Finding {
  return { check, severity: 'ok', message };
}

export function found(check: Check, severity: 'warning' | 'error', { hint, ...problem }: Problem): Finding {
  return { check, severity, ...problem, ...(hint !== undefined && { fix: hint }) };
}

/** What a check threw; bugs are passed on. */
export function thrown(check: Check, error: unknown): Finding[] {
  if (!(error instanceof ReproError)) throw error;
  return error.problems.map((problem) => found(check, 'error', problem));
}
