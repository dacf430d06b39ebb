import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { run } from '../../src/run.ts';
import { memoryPorts } from '../helpers/ports.ts';

/* `repro merge` as git calls it: the built bundle under real merges and rebases. */

const paint = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };
const example = readFileSync('repro.lock.example', 'utf8');
const page = readFileSync('docs/merge.md', 'utf8');
const [configure = '', again = ''] = [...page.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block = '']) =>
  block.replace(/^\$ /gm, ''),
);

const setUp = `${configure}git add .gitattributes && git commit -qm attributes`;

interface Repository {
  file(name: string): string;
  write(text: string, name?: string): void;
  /** Its exit code, and both outputs. */
  sh(script: string): Promise<{ code: number; output: string }>;
  /** Fails the test where it fails. */
  ok(script: string): Promise<string>;
}

/** A repository whose branch `main` has the text as its lockfile, with nothing of the user's configuration. */
async function repository(t: ExecutionContext, text: string, name = 'repro.lock'): Promise<Repository> {
  const folder = mkdtempSync(join(tmpdir(), 'repro-merge-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const work = join(folder, 'work');
  mkdirSync(join(work, name, '..'), { recursive: true });
  writeFileSync(
    join(folder, 'repro'),
    `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/main.js')}" "$@"\n`,
  );
  chmodSync(join(folder, 'repro'), 0o755);
  const env = {
    PATH: `${folder}:${process.env['PATH']}`,
    HOME: folder,
    NO_COLOR: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_EDITOR: 'true',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b.example',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b.example',
  };
  const sh = (script: string) =>
    new Promise<{ code: number; output: string }>((done) => {
      execFile('sh', ['-euc', `exec 2>&1\n${script}`], { cwd: work, env }, (error, stdout) => {
        done({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout });
      });
    });
  const git: Repository = {
    file: (name) => readFileSync(join(work, name), 'utf8'),
    write: (text, file = name) => writeFileSync(join(work, file), text),
    sh,
    async ok(script) {
      const { code, output } = await sh(script);
      t.is(code, 0, `${script}\n${output}`);
      return output;
    },
  };
  git.write(text);
  await git.ok('git init -q -b main . && git add . && git commit -qm base');
  return git;
}

/** A commit on each of `main` and `topic`, which is checked out in the end. */
async function branches(git: Repository, main: string, topic: string, name?: string): Promise<void> {
  await git.ok('git checkout -qb topic');
  git.write(topic, name);
  await git.ok('git add . && git commit -qm topic && git checkout -q main');
  git.write(main, name);
  await git.ok('git add . && git commit -qm main && git checkout -q topic');
}

/** As it is before git 2.44, which does not tell the names of the commits. */
const unnamed = (text: string) =>
  text
    .replace(/^<{7} .*/m, '<<<<<<< ours')
    .replace(/^>{7} .*/m, '>>>>>>> theirs')
    .replace(/^error: .* and .* changed/m, 'error: ours and theirs changed');

const asking = (list: string) => example.replace('"hello", "jq"', list);
const labelled = (text: string, value: string) =>
  text.replace('[base]', `[labels]\na = "${value}"\n\n[base]`);
const image = (tag: string) => example.replace('app:v1.2.3"', `app:${tag}"`);
const unpinned = (text: string) => text.replace(/\ndigest = "sha256:b9[\s\S]*/, '\n');

test('git merge and git rebase, with the driver as docs/merge.md sets it up', async (t) => {
  const git = await repository(t, example);
  await git.ok(setUp);
  await branches(git, labelled(example, '1'), asking('"git", "hello", "jq"'));
  const warning = /```text\n(warning[\s\S]*?)```/.exec(page)?.[1] ?? 'none';

  await git.ok('git checkout -q main');
  const merged = await git.ok('git merge -m merged topic');
  t.true(merged.includes(warning), merged);
  const both = unpinned(labelled(asking('"git", "hello", "jq"'), '1'));
  t.is(git.file('repro.lock'), both);
  t.is(await git.ok('git status --porcelain --untracked-files=no'), '');
  t.regex(await git.ok('repro generate'), /is not pinned yet/);

  await git.ok('git checkout -q topic && git reset -q --hard topic');
  const rebased = await git.ok('git rebase main~1');
  t.true(rebased.includes(warning), rebased);
  t.is(git.file('repro.lock'), both);
});

test('pins that still hold are in the merge, and nothing is left to do', async (t) => {
  const git = await repository(t, example);
  await git.ok(setUp);
  const collected = example.replace('"2.10-5", arch', '"2.10-6", arch').replace('sha256:b90f', 'sha256:b90e');
  await branches(git, labelled(example, '1'), collected);
  t.regex(
    await git.ok('git merge -m merged main'),
    /^merged repro\.lock, with its pins\nnext: repro generate\n/m,
  );
  t.is(git.file('repro.lock'), labelled(collected, '1'));
});

test('a conflict: git stops, every command says so, and the rest is merged', async (t) => {
  const git = await repository(t, example);
  await git.ok(setUp);
  await branches(git, labelled(image('v3'), '1'), image('v2'));
  const words = /```text\n(error[\s\S]*?)```/.exec(page)?.[1] ?? 'none';
  const text = labelled(image('v3'), '1').replace(
    /^image = .*v3"\n/m,
    (line) => `<<<<<<< ours\n${line}=======\n${line.replace('v3', 'v2')}>>>>>>> theirs\n`,
  );

  for (const [start, go] of [
    ['git checkout -q main; git merge topic', 'git commit -qm merged'],
    ['git reset -q --hard HEAD^; git checkout -q topic; git rebase main', 'git rebase --continue'],
  ]) {
    const { code, output } = await git.sh(start ?? '');
    t.is(code, 1, output);
    t.true(unnamed(output).includes(words), output);
    t.is(unnamed(git.file('repro.lock')), text);
    t.regex(await git.ok('git status --porcelain'), /^UU repro\.lock$/m);
    const { output: refused } = await git.sh('repro generate');
    t.regex(
      refused,
      /^error: .* in lines 4-8 \[E_CONFLICT\]\n {2}at: repro\.lock:4:1\n {2}hint: .*`repro update`/,
    );
    for (const command of ['add x', 'remove jq', 'lock', 'update', 'doctor', 'sbom']) {
      const ports = memoryPorts({ 'repro.lock': git.file('repro.lock') });
      const { exitCode, stdout, stderr } = await run(command.split(' '), ports, paint);
      t.is(exitCode, 1, command);
      t.regex(`${stdout}${stderr}`, /in lines 4-8 \[E_CONFLICT\]\n/, command);
    }
    git.write(unnamed(git.file('repro.lock')).replace(/<<<<<<< ours\n(.*\n)=+\n.*\n>>>>>>> theirs\n/, '$1'));
    await git.ok(`git add repro.lock && ${go}`);
    t.is(git.file('repro.lock'), labelled(image('v3'), '1'));
  }
});

test('a conflict that git left without the driver, in any style, is merged again', async (t) => {
  for (const [style, eol] of [
    ['merge', 'lf'],
    ['diff3', 'crlf'],
    ['zdiff3', 'crlf'],
  ]) {
    const git = await repository(t, example);
    await branches(git, labelled(asking('"gcc", "hello", "jq"'), '1'), asking('"git", "hello", "jq"'));
    await git.ok(
      `git config core.eol ${eol} && echo 'repro.lock text' >.git/info/attributes && rm repro.lock && git checkout -q .`,
    );
    t.is(git.file('repro.lock').includes('\r'), eol === 'crlf');
    const { code } = await git.sh(`git -c merge.conflictStyle=${style} merge main`);
    t.is(code, 1);
    const generate = await git.sh('repro generate');
    const lines = git.file('repro.lock').split('\n');
    const [first, last] = [/^<{7} /, /^>{7} /].map(
      (marker) => lines.findIndex((line) => marker.test(line)) + 1,
    );
    t.is(
      lines.some((line) => line.startsWith('|||||||')),
      style !== 'merge',
    );
    t.true(generate.output.includes(`in lines ${first}-${last} [E_CONFLICT]\n`), generate.output);
    // the labels may be in the conflict, or done already.
    await git.ok(configure);
    // The registry is for the end-to-end tests.
    t.regex(await git.ok(again.replace('repro update\n', '')), /^next: repro update$/m);
    t.is(
      git.file('repro.lock').replaceAll('\r', ''),
      unpinned(labelled(asking('"gcc", "git", "hello", "jq"'), '1')),
    );
  }
});

test('no ancestor, two ancestors, a lockfile in a folder, a side that is none', async (t) => {
  const added = await repository(t, 'x', 'README');
  await added.ok(setUp);
  await branches(added, unpinned(labelled(example, '1')), unpinned(asking('"git", "jq"')), 'repro.lock');
  await added.ok('git merge -m merged main');
  t.is(added.file('repro.lock'), unpinned(labelled(asking('"git", "hello", "jq"'), '1')));

  // Each branch merges the other's first commit: the ancestors of the last merge are two.
  const crossed = await repository(t, example);
  await crossed.ok(setUp);
  await branches(crossed, labelled(example, '1'), image('v2'));
  await crossed.ok('git branch one topic && git branch two main');
  await crossed.ok('git merge -m a two && git checkout -q main && git merge -m b one');
  crossed.write(crossed.file('repro.lock').replace('"hello"', '"git", "hello"'));
  await crossed.ok('git commit -qam git && git checkout -q topic');
  crossed.write(crossed.file('repro.lock').replace('a = "1"', 'a = "2"'));
  await crossed.ok('git commit -qam label && git merge -m merged main');
  t.is(crossed.file('repro.lock'), unpinned(labelled(image('v2'), '2').replace('"hello"', '"git", "hello"')));

  const nested = await repository(t, example, 'some app/repro.lock');
  await nested.ok(setUp);
  await branches(nested, asking('"hello"'), asking('"git", "hello", "jq"'));
  t.regex(await nested.ok('git merge -m merged main'), /^next: repro update -f "some app\/repro\.lock"$/m);

  const broken = await repository(t, example);
  await broken.ok(setUp);
  await branches(broken, example.replace('"debian"', '3'), image('v2'));
  const { code, output } = await broken.sh('git merge main');
  t.is(code, 1);
  t.regex(
    output,
    /^error: `distro` must be a string, not an integer \[E_TYPE\]\n {2}at: \w+:repro\.lock:5:10 \(distro\)$/m,
  );
  t.is(
    unnamed(broken.file('repro.lock')),
    `<<<<<<< ours\n${image('v2')}=======\n${example.replace('"debian"', '3')}>>>>>>> theirs\n`,
  );
  t.regex((await broken.sh('repro lock')).output, /\[E_CONFLICT\]/);
});

test('by hand', async (t) => {
  const texts = {
    base: example,
    ours: labelled(example, '1'),
    theirs: image('v2'),
    bad: 'x',
    worse: 'version = 2',
    none: '',
  };
  const both = labelled(image('v2'), '1');
  const merge = async (...args: string[]) => {
    const ports = memoryPorts(texts);
    return { ...(await run(['merge', ...args], ports, paint)), texts: ports.texts };
  };
  const printed = await merge('base', 'ours', 'theirs', '-o', '-');
  t.deepEqual([printed.exitCode, printed.stdout, printed.stderr], [0, both, 'next: repro generate\n']);
  t.deepEqual(Object.fromEntries(printed.texts), texts);
  t.is((await merge('base', 'ours', 'theirs', '-o', 'x')).texts.get('x'), both);
  t.is((await merge('base', 'ours', 'theirs')).texts.get('ours'), both);
  t.is((await merge('none', 'ours', 'ours')).texts.get('ours'), texts.ours);

  const labels = await merge('none', 'base', 'theirs', '-L', 'HEAD', '-L', "a b'c");
  t.is(labels.exitCode, 1);
  t.regex(
    labels.stderr,
    /^error: HEAD and a b'c changed `image` in different ways: repro\.lock has both, in lines 4-8 /,
  );
  const bad = await merge('base', 'bad', 'worse', '--json');
  t.is(bad.exitCode, 1);
  t.deepEqual(
    JSON.parse(bad.stdout).problems.map(({ code, at }: { code: string; at: unknown }) => [code, at]),
    [
      ['E_TOML_SYNTAX', { file: 'ours:repro.lock', line: 1, column: 2 }],
      ['E_VERSION_NEWER', { file: 'theirs:repro.lock', key: 'version' }],
    ],
  );
  t.is(bad.texts.get('bad'), '<<<<<<< ours\nx\n=======\nversion = 2\n>>>>>>> theirs\n');

  const missing = await merge('basis', 'bad', 'their');
  t.is(missing.exitCode, 1);
  t.regex(
    missing.stderr,
    /^error: can't read basis: there is no such file \[E_READ\]\n.*\nerror: can't read their: /,
  );
  t.deepEqual(Object.fromEntries(missing.texts), texts);
  const unreadable = await merge('bad', 'ours', 'ours');
  t.is(unreadable.exitCode, 0);
  t.regex(unreadable.stderr, /^warning: the common ancestor can't be read: .* \[E_NO_ANCESTOR\]\nnext: /);

  // Each side is right, and together they are not.
  const ports = memoryPorts({
    base: unpinned(example),
    ours: unpinned(example).replace('app:v1.2.3"', 'x:1"'),
    theirs: unpinned(example).replace('app:v1.2.3-pkg-cache"', 'x:1"'),
  });
  const wrong = await run(['merge', 'base', 'ours', 'theirs'], ports, paint);
  t.is(wrong.exitCode, 1);
  t.is(
    wrong.stderr,
    'error: `cache.image` and `image` are the same image [E_DUPLICATE]\n  hint: give one another tag\n',
  );
});
