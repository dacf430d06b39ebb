import type { Problem } from '../errors.ts';
import { conflictRegions, regionText } from './conflict.ts';

/** What makes reading a file as TOML pointless. */
export function fileProblem(text: string, file: string): Problem | undefined {
  const lines = text.split('\n');
  if (lines.every((line) => /^\s*(?:#|$)/.test(line))) {
    return {
      code: 'E_EMPTY',
      message: 'the lockfile is empty',
      at: { file },
      hint: '`repro init` writes one',
    };
  }
  const regions = conflictRegions(lines);
  const [first] = regions;
  if (first === undefined) return undefined;
  const option = file === 'repro.lock' ? '' : ` -f ${file}`;
  return {
    code: 'E_CONFLICT',
    message: `the lockfile has the conflict markers of an unfinished merge, in ${regionText(regions)}`,
    at: { file, line: first[0], column: 1 },
    hint: `keep one side of each, take the markers out, then run \`repro update${option}\`; docs/merge.md has git do most of it`,
  };
}

/** Said alone: what else is wrong with the file may be right in its version. */
export function newerVersion(root: Readonly<Record<string, unknown>>, file: string): Problem | undefined {
  const version = root['version'];
  const isNewer =
    typeof version === 'bigint' ? version > 1n : Number.isInteger(version) && Number(version) > 1;
  if (!isNewer) return undefined;
  return {
    code: 'E_VERSION_NEWER',
    message: `the lockfile has version ${version}, and this repro reads version 1`,
    at: { file, key: 'version' },
    hint: 'upgrade repro',
  };
}
