import { basename, dirname } from 'node:path';
import { quote, ReproError } from '../errors.ts';
import type { Files, Git } from '../ports.ts';

/** What was compared: a file, or the lockfile in a commit. */
export interface Side {
  path: string;
  /** As it was given: `main`. */
  revision?: string;
  /** Of the commit, or of the file's content where git names that. */
  id?: string;
}

export interface Source {
  side: Side;
  /** For messages: `main:repro.lock`. */
  label: string;
  /** undefined: there is none. */
  text: string | undefined;
}

/** What `repro diff` compares. A file wins over a revision of the same name. Throws E_NO_REVISION, E_NO_MERGE_BASE. */
export async function sourcesOf(
  sides: readonly string[],
  file: string,
  files: Files,
  git: Git,
): Promise<[from: Source, to: Source]> {
  const revision = (name: string) => revisionSource(name, file, git);
  const working = async (): Promise<Source> => ({
    side: { path: file },
    label: file,
    text: await files.read(file),
  });
  const [a, b] = sides;
  if (a === undefined) return [await revision('HEAD'), await working()];
  const named = await fileSource(a, files);
  if (b !== undefined)
    return [named ?? (await revision(a)), (await fileSource(b, files)) ?? (await revision(b))];
  if (named !== undefined && a === file) throw withItself(file);
  if (named !== undefined) return [named, await working()];
  const [, left, dots, right] = /^(.*?)(\.{2,3})(.*)$/.exec(a) ?? [];
  if (dots === undefined) return [await revision(a), await working()];
  const to = await revision(right || 'HEAD');
  const from = await revision(left || 'HEAD');
  return [dots === '..' ? from : await mergeBaseSource(from, to, file, git), to];
}

async function fileSource(path: string, files: Files): Promise<Source | undefined> {
  try {
    const text = await files.read(path);
    return text === undefined ? undefined : { side: { path }, label: path, text };
  } catch (error) {
    // A folder: there may be a branch of that name.
    if (error instanceof ReproError && isFolder(error.cause)) return undefined;
    throw error;
  }
}

function isFolder(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EISDIR';
}

async function revisionSource(name: string, file: string, git: Git): Promise<Source> {
  const id = await git.commit(name, dirname(file));
  if (id !== undefined) return commitSource(name, id, file, git);
  throw new ReproError({
    code: 'E_NO_REVISION',
    message: `${quote(name)} is neither a file nor a git revision here`,
    hint: 'see `git branch --all`; what a shallow clone lacks comes with `git fetch`',
  });
}

async function mergeBaseSource(from: Source, to: Source, file: string, git: Git): Promise<Source> {
  const [a, b] = [from.side.revision ?? '', to.side.revision ?? ''];
  const id = await git.mergeBase(from.side.id ?? '', to.side.id ?? '', dirname(file));
  if (id !== undefined) return commitSource(`merge base of ${a} and ${b}`, id, file, git);
  throw new ReproError({
    code: 'E_NO_MERGE_BASE',
    message: `${quote(a)} and ${quote(b)} have no commit in common here`,
    hint: 'in a shallow clone, fetch more: git fetch --unshallow',
  });
}

async function commitSource(revision: string, id: string, file: string, git: Git): Promise<Source> {
  const text = await git.read(id, dirname(file), basename(file));
  return { side: { path: file, revision, id }, label: `${revision}:${file}`, text };
}

function withItself(file: string): ReproError {
  return new ReproError({
    code: 'E_USAGE',
    message: `${file} can't be compared with itself`,
    hint: '`repro diff` compares it with HEAD; name another file or revision for something else',
  });
}
