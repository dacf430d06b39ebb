import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { engineOf, execute, newProject } from './project.ts';

const test = anyTest as TestFn;

/** Pages whose commands need another project, and a test of their own (test/commands/diff-docs.test.ts), or none. */
const elsewhere = ['contributing.md', 'diff.md', 'reviewers.md'];

/** Commands of the console blocks of a page, without their comments. */
async function commandsOf(page: string): Promise<string[]> {
  const blocks = [...(await readFile(page, 'utf8')).matchAll(/```console\n([\s\S]*?)```/g)].map(
    ([, block = '']) => block,
  );
  return blocks.flatMap((block) =>
    block
      .split('\n')
      .filter((line) => line.startsWith('$ '))
      .map((line) => line.slice(2).replace(/ +#.*/, '')),
  );
}

/** The pages' commands, in their order, in one project: what stands for the reader's registry and base is the engine's. */
export function readmeTests(): void {
  const engine = engineOf('containerd');

  test.serial('the commands of the README and of the docs work as they are written', async (t) => {
    const project = await newProject(t, engine);
    const bin = join(project.folder, 'bin');
    await mkdir(bin);
    await writeFile(
      join(bin, 'repro'),
      `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/main.js')}" "$@"\n`,
    );
    await chmod(join(bin, 'repro'), 0o755);
    const identity = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    };
    const env = {
      ...process.env,
      ...engine.env,
      ...identity,
      GIT_EDITOR: 'true',
      PATH: `${bin}:${engine.env['PATH']}`,
      NO_COLOR: '1',
    };
    await execute('git', ['init', '-q'], { cwd: project.folder });

    const commands = (await commandsOf('README.md')).filter((command) => !command.startsWith('npm '));
    const pages = (await readdir('docs')).filter((name) => !elsewhere.includes(name)).sort();
    for (const page of pages) {
      commands.push(...(await commandsOf(`docs/${page}`)));
    }
    t.true(commands.length > 8);
    for (const command of commands) {
      const here = command
        .replaceAll('registry.example/team', `${engine.registry}/readme`)
        .replaceAll('--base debian:', `--base ${engine.registry}/debian:`)
        .replace(/:trixie(?!-)/, ':trixie-slim')
        .replace('git commit', 'git commit -m change');
      const { code, output } = await execute('sh', ['-euc', here], { cwd: project.folder, env });
      t.is(code, 0, `${command}\n${output}`);
    }
  });

  test.serial('npm run demo does the whole loop', async (t) => {
    const demo = await execute(process.execPath, ['build/test/demo.js'], {
      env: { ...process.env, ...engine.env },
    });
    t.is(demo.code, 0, demo.output);
    t.regex(demo.stdout, /Hello, world!/);
    t.regex(demo.stdout, /^\+ {2}\{ name = "jq"/m);
  });
}
