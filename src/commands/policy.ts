import type { Problem } from '../errors.ts';
import { type PolicyFormat, policy as policyText } from '../policy/index.ts';
import type { Files } from '../ports.ts';
import { type Output, writeOutput } from './output.ts';
import { readDockerfile, readLocked } from './project.ts';

export interface PolicyOptions {
  file: string;
  format?: PolicyFormat | undefined;
  output?: string | undefined;
}

export interface PolicyResult extends Output {
  warnings: Problem[];
}

/** repro.lock -> source policy, without network. Throws E_NOT_LOCKED, E_STALE. */
export async function policy(
  { file, format = 'json', output }: PolicyOptions,
  { files }: { files: Files },
): Promise<PolicyResult> {
  const lockfile = await readLocked(file, files);
  const { text, warnings } = await policyText(lockfile, format, await readDockerfile(file, lockfile, files));
  return { ...(await writeOutput(output, text, files)), warnings };
}
