import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ReproError } from '../../src/errors.ts';
import { files } from '../../src/io/files.ts';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'repro-files-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function refusal(
  t: ExecutionContext,
  run: Promise<unknown>,
): Promise<[string | undefined, string | undefined]> {
  const error = await t.throwsAsync(run, { instanceOf: ReproError });
  return [error?.code, error?.message];
}

test('read and list', async (t) => {
  const here = folder(t);
  writeFileSync(join(here, 'b'), 'text');
  writeFileSync(join(here, 'a'), Buffer.from([0xff, 0xfe]));
  t.is(await files.read(join(here, 'b')), 'text');
  t.is(await files.read(join(here, 'none')), undefined);
  t.deepEqual(await files.list(here), ['a', 'b']);
  t.deepEqual(await files.list(join(here, 'none')), []);
  t.deepEqual(await refusal(t, files.read(join(here, 'a'))), [
    'E_ENCODING',
    `${join(here, 'a')} is not UTF-8 text`,
  ]);
  t.deepEqual(await refusal(t, files.read(here)), ['E_READ', `can't read ${here}: it is a folder`]);
  const below = join(here, 'b', 'c');
  t.deepEqual(await refusal(t, files.read(below)), ['E_READ', `can't read ${below}: not a directory`]);
  t.deepEqual(await files.list(join(here, 'b')), []);
});

test('write keeps the mode, follows a link, and leaves nothing else', async (t) => {
  const here = folder(t);
  const file = join(here, 'repro.lock');
  await files.write(file, 'one', undefined);
  t.is(readFileSync(file, 'utf8'), 'one');
  writeFileSync(join(here, 'real'), 'old', { mode: 0o640 });
  symlinkSync('real', join(here, 'link'));
  await files.write(join(here, 'link'), 'new', 'old');
  t.true(lstatSync(join(here, 'link')).isSymbolicLink());
  t.is(readFileSync(join(here, 'real'), 'utf8'), 'new');
  t.is(statSync(join(here, 'real')).mode & 0o777, 0o640);
  t.deepEqual(readdirSync(here).sort(), ['link', 'real', 'repro.lock']);
  // A link through a linked folder.
  mkdirSync(join(here, 'deep'));
  symlinkSync('deep', join(here, 'shallow'));
  writeFileSync(join(here, 'deep', 'file'), 'old', { mode: 0o755 });
  symlinkSync('shallow/file', join(here, 'far'));
  await files.write(join(here, 'far'), 'new', 'old');
  t.is(readFileSync(join(here, 'deep', 'file'), 'utf8'), 'new');
  t.is(statSync(join(here, 'deep', 'file')).mode & 0o777, 0o755);
});

test('what is not written', async (t) => {
  const here = folder(t);
  const file = join(here, 'repro.lock');
  writeFileSync(file, 'theirs');
  const changed = `${file} was changed by someone else meanwhile, nothing was written`;
  t.deepEqual(await refusal(t, files.write(file, 'ours', 'before')), ['E_FILE_CHANGED', changed]);
  t.deepEqual(await refusal(t, files.write(file, 'ours', undefined)), ['E_FILE_CHANGED', changed]);
  t.is(readFileSync(file, 'utf8'), 'theirs');
  symlinkSync('nowhere', join(here, 'dangling'));
  t.deepEqual(await refusal(t, files.write(join(here, 'dangling'), 'x', undefined)), [
    'E_DANGLING_LINK',
    `${join(here, 'dangling')} is a symbolic link to a file that does not exist`,
  ]);
  const missing = join(here, 'no', 'file');
  t.deepEqual(await refusal(t, files.write(missing, 'x', undefined)), [
    'E_WRITE',
    `can't write ${missing}: the folder ${join(here, 'no')} does not exist`,
  ]);
  mkdirSync(join(here, 'folder'));
  const gone = join(here, 'gone');
  t.deepEqual(await refusal(t, files.write(gone, 'ours', 'before')), [
    'E_FILE_CHANGED',
    `${gone} was changed by someone else meanwhile, nothing was written`,
  ]);
  t.deepEqual(await refusal(t, files.write(join(here, 'folder'), 'x', undefined)), [
    'E_READ',
    `can't read ${join(here, 'folder')}: it is a folder`,
  ]);
  const below = join(file, 'x');
  t.deepEqual(await refusal(t, files.write(below, 'x', undefined)), [
    'E_WRITE',
    `can't write ${below}: not a directory`,
  ]);
  symlinkSync('loop', join(here, 'loop'));
  t.deepEqual(await refusal(t, files.write(join(here, 'loop'), 'x', undefined)), [
    'E_WRITE',
    `can't write ${join(here, 'loop')}: too many symbolic links encountered`,
  ]);
  t.deepEqual(readdirSync(here).sort(), ['dangling', 'folder', 'loop', 'repro.lock']);
});

test('what only the permissions forbid', async (t) => {
  // Kernel folders: not even root can make or replace a file there.
  t.deepEqual(await refusal(t, files.write('/sys/repro.lock', 'x', undefined)), [
    'E_WRITE',
    "can't write /sys/repro.lock: permission denied",
  ]);
  const version = await files.read('/proc/version');
  t.is((await refusal(t, files.write('/proc/version', 'x', version)))[0], 'E_WRITE');
  t.is(await files.read('/proc/version'), version);

  const here = folder(t);
  const file = join(here, 'repro.lock');
  writeFileSync(file, 'old', { mode: 0o444 });
  const written = files.write(file, 'new', 'old');
  if (process.getuid?.() === 0) await t.notThrowsAsync(written, 'root may');
  else t.deepEqual(await refusal(t, written), ['E_WRITE', `can't write ${file}: permission denied`]);
  t.is(statSync(file).mode & 0o777, 0o444);
  t.deepEqual(readdirSync(here), ['repro.lock']);
});

test('many writers at once: the file is always one of their texts', async (t) => {
  const here = folder(t);
  const file = join(here, 'repro.lock');
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(100_000));
  writeFileSync(file, 'start');
  const results = await Promise.allSettled(texts.map((text) => files.write(file, text, 'start')));
  t.true(results.some(({ status }) => status === 'fulfilled'));
  t.true(texts.includes(readFileSync(file, 'utf8')));
  t.deepEqual(readdirSync(here), ['repro.lock']);
});
