import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';

/* docs/diff.md and docs/reviewers.md: their commands, with the built bundle and a real git. */

interface Shown {
  command: string;
  /** Empty: the page does not show it. */
  output: string;
}

function shownIn(page: string): Shown[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/```console\n([\s\S]*?)```/g)];
  return blocks.flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command = '', ...lines] = text.split('\n');
        return { command: command.replace(/ +#.*/, ''), output: lines.join('\n') };
      }),
  );
}

test('the commands of the pages about differences', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'repro-docs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [here, bin] = [join(folder, 'project'), join(folder, 'bin')];
  mkdirSync(join(here, 'app'), { recursive: true });
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'repro'),
    `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/main.js')}" "$@"\n`,
  );
  chmodSync(join(bin, 'repro'), 0o755);
  const { FORCE_COLOR: _, ...rest } = process.env;
  const config = join(folder, 'gitconfig');
  writeFileSync(config, '[user]\nname = a\nemail = a@b\n[init]\ndefaultBranch = main\n');
  const env = {
    ...rest,
    PATH: `${bin}:${rest['PATH']}`,
    NO_COLOR: '1',
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_PAGER: 'cat',
  };
  const sh = (script: string) => execFileSync('sh', ['-euc', script], { cwd: here, env, encoding: 'utf8' });
  const states = {
    old: resolve('test/fixtures/diff/main.lock'),
    new: resolve('test/fixtures/diff/branch.lock'),
  };
  const commit = (from: string) => {
    for (const file of ['repro.lock', 'app/repro.lock']) copyFileSync(from, join(here, file));
    sh('git add . && git commit -q -m change');
  };

  sh('git init -q');
  commit(states.old);
  sh('git update-ref refs/remotes/origin/main HEAD && git switch -q -c branch');
  commit(states.new);
  for (const [name, state] of Object.entries(states)) copyFileSync(state, join(here, `${name}.lock`));

  const plain = (text: string) => text.replace(/\([0-9a-f]{12}\)/g, '(ID)');
  const outputs = new Map<string, string>();
  for (const { command, output } of [...shownIn('docs/diff.md'), ...shownIn('docs/reviewers.md')]) {
    const printed = sh(command);
    outputs.set(command, printed);
    if (output !== '') t.is(plain(printed), plain(output), command);
  }
  t.is(outputs.size, 19);

  const report = outputs.get('repro diff main...HEAD') ?? '';
  const changes = report.slice(report.indexOf('\n'));
  for (const command of ['repro diff main', 'repro diff main HEAD', 'repro diff old.lock new.lock'])
    t.true(outputs.get(command)?.endsWith(changes), command);
  for (const command of ['git diff main HEAD', 'git log -p -1 --ext-diff'])
    t.true(outputs.get(command)?.includes(changes), command);
  for (const command of ['git diff --no-ext-diff main HEAD', 'git log -p -1']) {
    t.regex(outputs.get(command) ?? '', /^\+packages: jq$/m, command);
    t.regex(outputs.get(command) ?? '', /^\+linux\/amd64: less 643-1 amd64, 141\.0 kB, sha256:/m, command);
  }
  t.regex(
    outputs.get('git diff --no-ext-diff --no-textconv main HEAD') ?? '',
    /^\+packages = \["git", "jq"\]$/m,
  );
  t.true(readFileSync(join(here, 'comment.md'), 'utf8').startsWith('<!-- repro diff: repro.lock -->\n### '));

  // A folder is no file.
  mkdirSync(join(here, 'main'));
  t.true(sh('repro diff main').endsWith(changes));

  // States that are no lockfile don't stop git: what came before, a conflict, a file that goes away.
  writeFileSync(join(here, 'repro.lock'), '<<<<<<< HEAD\n');
  t.regex(sh('git diff'), /^repro\.lock can't be compared: .*conflict markers/m);
  t.regex(sh('git diff --no-ext-diff'), /^\+<<<<<<< HEAD$/m);
  rmSync(join(here, 'repro.lock'));
  t.regex(sh('git diff'), /^repro\.lock: [0-9a-f]{7,12} -> no lockfile\n/m);
  t.is(sh('git log --oneline -p --ext-diff | grep -c "^repro.lock:"'), '2\n');
});
