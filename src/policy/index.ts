import type { Problem } from '../errors.ts';
import type { Lockfile } from '../model.ts';
import { regoPolicy } from './rego.ts';
import { sourcePolicy } from './source-policy.ts';
import { sourcesOf } from './sources.ts';

export type PolicyFormat = 'json' | 'rego';

/** The policy under which a locked lockfile's targets build and little else does. `dockerfile` is the project's own. */
export async function policy(
  lockfile: Lockfile,
  format: PolicyFormat,
  dockerfile: string | undefined,
): Promise<{ text: string; warnings: Problem[] }> {
  const { sources, warnings } = await sourcesOf(lockfile, dockerfile);
  return { text: format === 'rego' ? regoPolicy(sources) : sourcePolicy(sources), warnings };
}
