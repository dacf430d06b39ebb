import { setTimeout as delay } from 'node:timers/promises';

/** All times in milliseconds. */
export interface Timing {
  /** Until the connection stands, TLS and proxy included. */
  connect: number;
  /** Without a byte from the other side. */
  idle: number;
  /** Until a credential helper has answered: it may ask a person to unlock the key chain. */
  helper: number;
  /** Requests in all for one answer. */
  attempts: number;
  /** The first pause; each further one is twice as long, up to `longestPause`. */
  firstPause: number;
  longestPause: number;
  /** A registry's Retry-After is honoured up to this. */
  longestRetryAfter: number;
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const defaultTiming: Timing = {
  connect: 15_000,
  idle: 30_000,
  helper: 60_000,
  attempts: 5,
  firstPause: 500,
  longestPause: 8_000,
  longestRetryAfter: 60_000,
  now: () => Date.now(),
  // A fleet of CI jobs must not come back all at once.
  wait: (ms, signal) => delay(ms * (1 + Math.random() / 4), undefined, signal ? { signal } : {}),
};
