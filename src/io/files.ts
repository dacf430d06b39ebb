import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, lstat, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { ReproError } from '../errors.ts';
import type { Files } from '../ports.ts';

export const files: Files = { read, list, write };

async function read(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw failure('E_READ', 'read', path, error);
  }
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new ReproError({
    code: 'E_ENCODING',
    message: `${path} is not UTF-8 text`,
    at: { file: path },
    hint: 'save it as UTF-8 in an editor, or take it from version control again',
  });
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw failure('E_READ', 'read', folder, error);
  }
}

async function write(path: string, text: string, expected: string | undefined): Promise<void> {
  const target = await followLink(path);
  if ((await read(path)) !== expected)
    throw new ReproError({
      code: 'E_FILE_CHANGED',
      message: `${path} was changed by someone else meanwhile, nothing was written`,
      at: { file: path },
      hint: 'look at the file and run the command again',
    });
  try {
    await replace(target, text);
  } catch (error) {
    throw failure('E_WRITE', 'write', path, error);
  }
}

/** Where the file is in the end: a link is kept, and what it points to is replaced. */
async function followLink(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw failure('E_WRITE', 'write', path, error);
  }
  const link = await lstat(path).catch(() => undefined);
  if (link === undefined) return path;
  throw new ReproError({
    code: 'E_DANGLING_LINK',
    message: `${path} is a symbolic link to a file that does not exist`,
    at: { file: path },
    hint: 'remove the link, or create the file that it points to',
  });
}

/**
 * Temporary file, fsync, rename: whoever reads sees the old text or the new one. Mode and owner are kept. (write-file-atomic
 * 7.0.1 writes once, and renames what a full disk has cut off.)
 */
async function replace(path: string, text: string): Promise<void> {
  const before = await stat(path).catch(() => undefined);
  // A rename needs only the folder's permission, and would replace a file that someone made read-only.
  if (before !== undefined) await access(path, constants.W_OK);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      if (before !== undefined) {
        // Only root may give a file to somebody else.
        await file.chown(before.uid, before.gid).catch(() => undefined);
        await file.chmod(before.mode & 0o7777);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** The system's refusal in words; anything else is passed on as it is. */
function failure(code: string, verb: string, path: string, cause: unknown): unknown {
  const errno = cause instanceof Error && 'errno' in cause ? Number(cause.errno) : 0;
  const [name, text] = getSystemErrorMap().get(errno) ?? [];
  if (name === undefined) return cause;
  const reason: Record<string, string> = {
    EISDIR: 'it is a folder',
    ...(existsSync(dirname(path)) ? {} : { ENOENT: `the folder ${dirname(path)} does not exist` }),
  };
  return new ReproError(
    { code, message: `can't ${verb} ${path}: ${reason[name] ?? text}`, at: { file: path } },
    { cause },
  );
}
