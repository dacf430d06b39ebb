import type { Problem } from '../errors.ts';

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
  // `=======` alone may stand in a note; the outer two come with every conflict.
  const conflict = lines.findIndex((line) => /^(?:<{7}|>{7}|\|{7})(?: |$)/.test(line));
  if (conflict === -1) return undefined;
  return {
    code: 'E_CONFLICT_MARKERS',
    message: 'the lockfile has the conflict markers of an unfinished merge',
    at: { file, line: conflict + 1, column: 1 },
    hint: `take either side (\`git checkout --theirs ${file}\`), then run \`repro lock\``,
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
