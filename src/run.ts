import { parse } from './cli/index.ts';
import { ReproError } from './errors.ts';
import type { Ports } from './ports.ts';
import { bug, failure, type Outcome, success } from './report/outcome.ts';
import type { Paint } from './report/paint.ts';
import { version } from './version.ts';

/** The whole of a run, but for the printing. */
export async function run(
  args: readonly string[],
  ports: Ports,
  paint: { stdout: Paint; stderr: Paint },
): Promise<Outcome> {
  // Known before the arguments are parsed, since their own problems are reported in the same form.
  const json = args.includes('--json');
  // As git has it, so that a problem is not taken for a difference.
  const trouble = args.includes('--exit-code') ? 128 : 1;
  try {
    const invocation = await parse(args);
    if (typeof invocation === 'string') return { exitCode: 0, stdout: invocation, stderr: '' };
    const { result, text, exitCode = 0 } = await invocation(ports);
    return { ...success(result, json ? '' : text(paint.stdout), json, paint.stderr), exitCode };
  } catch (error) {
    return error instanceof ReproError
      ? failure(error, json, paint.stderr, trouble)
      : bug(error, version, paint.stderr);
  }
}
