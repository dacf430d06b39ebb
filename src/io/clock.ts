import { quote, ReproError } from '../errors.ts';

/** reproducible-builds.org/specs/source-date-epoch: a program that writes a time takes this one. */
export function now(env: NodeJS.ProcessEnv): number {
  const epoch = env['SOURCE_DATE_EPOCH'];
  if (epoch === undefined || epoch === '') return Math.floor(Date.now() / 1000);
  if (/^\d{1,11}$/.test(epoch)) return Number(epoch);
  throw new ReproError({
    code: 'E_SOURCE_DATE_EPOCH',
    message: `SOURCE_DATE_EPOCH is ${quote(epoch)}, which is no number of seconds since 1970`,
    hint: 'correct it, or unset it',
  });
}
