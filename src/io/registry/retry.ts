import { ReproError } from '../../errors.ts';
import type { Timing } from './timing.ts';

/** What went wrong in one attempt. `cost` is how many attempts it uses up; 0 means that trying again is no use. */
export interface Failure {
  problem: ReproError;
  cost: number;
  /** The header Retry-After, as the server sent it. */
  retryAfter?: string | undefined;
}

/** Attempts of one operation, shared by all the requests that it needs. */
export interface Retry {
  /** Waits before the next attempt; throws the failure's problem where there is none. */
  again(failure: Failure, signal?: AbortSignal): Promise<void>;
}

export function createRetry(timing: Timing): Retry {
  let left = timing.attempts - 1;
  let pause = timing.firstPause;
  return {
    async again({ problem, cost, retryAfter }, signal) {
      if (cost === 0 || left < cost) throw problem;
      left -= cost;
      const asked = retryAfter === undefined ? undefined : readRetryAfter(retryAfter, timing.now());
      if (asked !== undefined && asked > timing.longestRetryAfter) throw tooLong(problem, asked);
      const ms = Math.max(pause, asked ?? 0);
      pause = Math.min(pause * 2, timing.longestPause);
      await timing.wait(ms, signal);
    },
  };
}

/** RFC 9110, section 10.2.3: seconds or an HTTP date. Milliseconds from now; undefined where it is neither. */
export function readRetryAfter(text: string, now: number): number | undefined {
  const value = text.trim();
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  if (!/^[A-Za-z]{3,9},? /.test(value)) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function tooLong(problem: ReproError, ms: number): ReproError {
  const [first] = problem.problems;
  const seconds = Math.ceil(ms / 1000);
  return new ReproError({
    ...first,
    message: `${first.message}, and asks to wait ${seconds} s`,
    hint: first.hint ?? `run the command again in ${seconds} s`,
  });
}
