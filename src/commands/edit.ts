import { familyOf } from '../distro/index.ts';
import { type Problem, quote, throwAll } from '../errors.ts';
import { serializeLockfile } from '../lockfile/index.ts';
import { nearest } from '../lockfile/nearest.ts';
import { requestName } from '../lockfile/request.ts';
import type { Lockfile } from '../model.ts';
import type { Files } from '../ports.ts';
import { type Read, readLockfile, repro, writeLockfile } from './project.ts';

export interface EditOptions {
  file: string;
  packages: string[];
}

export interface EditResult {
  file: string;
  changed: boolean;
  /** Requests; `from` is what a new one replaced. */
  added: string[];
  removed: string[];
  replaced: { from: string; to: string }[];
  /** Asked for, and there already. */
  unchanged: string[];
  warnings: Problem[];
  next: string[];
}

/** Throws E_REQUEST for each request that the package manager would not take. */
export async function add(options: EditOptions, { files }: { files: Files }): Promise<EditResult> {
  const read = await readLockfile(options.file, files);
  const { lockfile } = read;
  const requests = [...new Set(options.packages)];
  checkRequests(requests, lockfile);
  const packages = [...lockfile.packages];
  const change = { added: [] as string[], replaced: [] as EditResult['replaced'], unchanged: [] as string[] };
  for (const request of requests) {
    const index = packages.findIndex((other) => requestName(other) === requestName(request));
    const old = packages[index];
    if (old === undefined) {
      packages.push(request);
      change.added.push(request);
    } else if (old === request) {
      change.unchanged.push(request);
    } else {
      packages[index] = request;
      change.replaced.push({ from: old, to: request });
    }
  }
  return finish(options.file, read, packages, { ...change, removed: [] }, files);
}

/** A request is meant by its whole text, or by its package's name. Throws E_NOT_ASKED_FOR for each that is not there. */
export async function remove(options: EditOptions, { files }: { files: Files }): Promise<EditResult> {
  const read = await readLockfile(options.file, files);
  const { packages } = read.lockfile;
  const problems: Problem[] = [];
  const removed = new Set<string>();
  for (const request of options.packages) {
    const match =
      packages.find((other) => other === request) ?? packages.find((other) => requestName(other) === request);
    if (match === undefined) problems.push(notAskedFor(request, packages, options.file));
    else removed.add(match);
  }
  throwAll(problems);
  const rest = packages.filter((request) => !removed.has(request));
  const change = { added: [], removed: [...removed], replaced: [], unchanged: [] };
  return finish(options.file, read, rest, change, files);
}

async function finish(
  file: string,
  read: Read,
  packages: string[],
  change: Pick<EditResult, 'added' | 'removed' | 'replaced' | 'unchanged'>,
  files: Files,
): Promise<EditResult> {
  const edited = change.added.length + change.removed.length + change.replaced.length > 0;
  const changed = edited && (await writeLockfile(file, read, { ...read.lockfile, packages }, files));
  return {
    file,
    changed,
    ...change,
    warnings: changed && hasComments(read) ? [commentsWarning(file)] : [],
    next: changed ? [repro('update', file)] : [],
  };
}

function checkRequests(requests: readonly string[], lockfile: Lockfile): void {
  const family = familyOf(lockfile.distro);
  const problems = requests.flatMap((request): Problem[] => {
    const wrong = family?.checkRequest(request);
    return wrong === undefined ? [] : [{ code: 'E_REQUEST', message: `${quote(request)} ${wrong}` }];
  });
  const twins = requests.filter((request, index) =>
    requests.some((other, before) => before < index && requestName(other) === requestName(request)),
  );
  for (const twin of twins)
    problems.push({
      code: 'E_DUPLICATE',
      message: `${quote(requestName(twin))} is named twice, in different ways`,
    });
  throwAll(problems);
}

function notAskedFor(request: string, packages: readonly string[], file: string): Problem {
  const meant = nearest(request, packages.map(requestName));
  const list = packages.length === 0 ? 'it asks for none' : `it asks for: ${packages.join(', ')}`;
  return {
    code: 'E_NOT_ASKED_FOR',
    message: `${file} does not ask for ${quote(request)}`,
    at: { file, key: 'packages' },
    hint: meant === undefined ? list : `did you mean ${meant}?`,
  };
}

/** The header aside, which is written anew. A `#` within a string is no comment. */
function hasComments({ text, lockfile }: Read): boolean {
  const [header] = serializeLockfile(lockfile).split('\n');
  const comment = /^(?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*#/;
  return text.split(/\r?\n/).some((line) => line !== header && comment.test(line));
}

function commentsWarning(file: string): Problem {
  return {
    code: 'E_COMMENTS',
    message: `the comments in ${file} were not kept`,
    hint: 'put what is to stay into the key `note`',
  };
}
