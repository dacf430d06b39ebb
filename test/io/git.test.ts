import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ReproError } from '../../src/errors.ts';
import { git } from '../../src/io/git.ts';

/* The real git, in folders that go away. */

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'repro-git-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A repository: `main` and `branch` part at the tag `start`; `island` has no history in common with them. */
function repository(t: ExecutionContext) {
  const here = folder(t);
  const run = (...args: string[]): string => {
    const config = ['user.name=a', 'user.email=a@b', 'init.defaultBranch=main', 'commit.gpgsign=false'];
    const options = config.flatMap((entry) => ['-c', entry]);
    return execFileSync('git', ['-C', here, ...options, ...args], { encoding: 'utf8' }).trim();
  };
  const commit = (text: string | Buffer) => {
    writeFileSync(join(here, 'sub', 'repro.lock'), text);
    run('add', '.');
    run('commit', '-q', '-m', 'x');
    return run('rev-parse', 'HEAD');
  };
  run('init', '-q');
  mkdirSync(join(here, 'sub'));
  const start = commit('start\n');
  run('tag', '-a', '-m', 'x', 'start');
  run('switch', '-q', '-c', 'branch');
  const branch = commit('branch: ü\n');
  run('switch', '-q', 'main');
  const main = commit('main\n');
  run('switch', '-q', '--orphan', 'island');
  mkdirSync(join(here, 'sub'), { recursive: true });
  const island = commit(Buffer.from([0xff, 0xfe]));
  return { here, run, start, branch, main, island };
}

async function refusal(t: ExecutionContext, promise: Promise<unknown>): Promise<unknown[]> {
  const error = await t.throwsAsync(promise, { instanceOf: ReproError });
  return [error?.code, error?.message];
}

test('revisions', async (t) => {
  const { here, start, branch, main, run } = repository(t);
  const cases: [revision: string, id: string | undefined][] = [
    ['start', start],
    ['main', main],
    ['branch~1', start],
    [main.slice(0, 12), main],
    ['nope', undefined],
    ['', undefined],
    ['main:sub/repro.lock', undefined],
    ['--help', undefined],
    ['--output=x', undefined],
    ['main; touch x', undefined],
    ['$(touch x)', undefined],
    ['main\nbranch', undefined],
  ];
  for (const [revision, id] of cases) t.is(await git.commit(revision, here), id, revision);
  t.is(await git.commit('main', join(here, 'sub')), main);
  t.is(await git.mergeBase(main, branch, here), start);
  t.is(await git.mergeBase(main, run('rev-parse', 'island'), here), undefined);
});

test('files', async (t) => {
  const { here, start, branch, island } = repository(t);
  const sub = join(here, 'sub');
  t.is(await git.read(start, sub, 'repro.lock'), 'start\n');
  t.is(await git.read(branch, sub, 'repro.lock'), 'branch: ü\n');
  t.is(await git.read(branch, here, 'repro.lock'), undefined);
  t.is(await git.read(branch, here, 'sub'), undefined);
  t.is(await git.read(branch, sub, '*'), undefined);
  t.is(await git.read(branch, sub, '--help'), undefined);
  t.deepEqual(await refusal(t, git.read(island, sub, 'repro.lock')), [
    'E_ENCODING',
    `repro.lock is not UTF-8 text in commit ${island}`,
  ]);
});

test.serial('no repository, a broken one, no git', async (t) => {
  const here = folder(t);
  t.deepEqual(await refusal(t, git.commit('HEAD', here)), [
    'E_NO_REPOSITORY',
    'the lockfile is in no git repository',
  ]);
  t.deepEqual(await refusal(t, git.commit('HEAD', join(here, 'none'))), [
    'E_GIT',
    `git fails: "cannot change to '${join(here, 'none')}': No such file or directory"`,
  ]);
  execFileSync('git', ['init', '-q', here]);
  t.is(await git.commit('HEAD', here), undefined);
  const { PATH } = process.env;
  process.env['PATH'] = here;
  t.teardown(() => {
    process.env['PATH'] = PATH;
  });
  t.deepEqual(await refusal(t, git.commit('HEAD', here)), [
    'E_NO_GIT',
    'there is no git command on this machine',
  ]);
});
