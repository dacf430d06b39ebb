import { isUtf8 } from 'node:buffer';
import { execFile } from 'node:child_process';
import { quote, ReproError } from '../errors.ts';
import type { Git } from '../ports.ts';

export const git: Git = { commit, mergeBase, read };

/** What git prints at most: a lockfile of half a million packages. */
const LIMIT = 1 << 27;

async function commit(revision: string, folder: string): Promise<string | undefined> {
  // No revision begins so, and git before 2.30 has no --end-of-options here.
  if (revision.startsWith('-')) return undefined;
  const peeled = `${revision}^{commit}`;
  return idOf(await run(folder, [1], 'rev-parse', '--verify', '--quiet', peeled));
}

async function mergeBase(a: string, b: string, folder: string): Promise<string | undefined> {
  return idOf(await run(folder, [1], 'merge-base', '--', a, b));
}

async function read(commit: string, folder: string, name: string): Promise<string | undefined> {
  const entry = await run(folder, [], 'ls-tree', '-z', commit, '--', `./${name}`);
  const [, blob] = /^\d+ blob ([0-9a-f]+)\t/.exec(entry.toString()) ?? [];
  if (blob === undefined) return undefined;
  const bytes = await run(folder, [], 'cat-file', 'blob', blob);
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new ReproError({ code: 'E_ENCODING', message: `${name} is not UTF-8 text in commit ${commit}` });
}

function idOf(output: Buffer): string | undefined {
  return /^([0-9a-f]{40}|[0-9a-f]{64})\n/.exec(output.toString())?.[1];
}

/** Runs git without a shell, in a folder. `fine`: exit codes that are an answer, beside 0. */
function run(folder: string, fine: readonly number[], ...args: string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };
    const options = { env, encoding: 'buffer', maxBuffer: LIMIT } as const;
    execFile('git', ['-C', folder, ...args], options, (error, stdout, stderr) => {
      if (error === null || fine.includes(Number(error.code))) resolve(stdout);
      else reject(failure(error, stderr.toString()));
    });
  });
}

function failure(cause: Error & { code?: string | number | null | undefined }, output: string): ReproError {
  const problem = (code: string, message: string, hint: string) =>
    new ReproError({ code, message, hint }, { cause });
  if (cause.code === 'ENOENT')
    return problem('E_NO_GIT', 'there is no git command on this machine', 'install git, or name two files');
  if (/not a git repository/.test(output))
    return problem('E_NO_REPOSITORY', 'the lockfile is in no git repository', 'name two files');
  const reason = /^(?:fatal|error): (.*)/m.exec(output)?.[1] ?? `exit code ${cause.code}`;
  return problem('E_GIT', `git fails: ${quote(reason)}`, 'see what `git status` says there');
}
