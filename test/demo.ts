/** The whole loop on a small Debian image, each step shown. Usage: npm run demo */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { EngineUnavailable, withEngine } from './engine/engine.ts';

const main = resolve('dist/main.js');

try {
  await withEngine({ bases: ['trixie'] }, async (engine) => {
    const folder = await mkdtemp(join(tmpdir(), 'repro-demo-'));
    try {
      await loop(folder, engine.registry, engine.env);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
} catch (error) {
  if (!(error instanceof EngineUnavailable)) throw error;
  console.error(`The demo can't run here: ${error.message}`);
  process.exitCode = 1;
}

async function loop(folder: string, registry: string, env: NodeJS.ProcessEnv): Promise<void> {
  const git = {
    GIT_AUTHOR_NAME: 'demo',
    GIT_AUTHOR_EMAIL: 'demo@localhost',
    GIT_COMMITTER_NAME: 'demo',
    GIT_COMMITTER_EMAIL: 'demo@localhost',
  };
  const show = async (command: string, ...args: string[]): Promise<void> => {
    const words = [command, ...args].map((word) => (word.includes(' ') ? `'${word}'` : word));
    console.log(`\n${styleText('bold', `$ ${words.join(' ')}`)}`);
    const [program, before] = command === 'repro' ? [process.execPath, [main]] : [command, []];
    const child = spawn(program, [...before, ...args], {
      cwd: folder,
      env: { ...env, ...git, BUILDKIT_PROGRESS: 'plain', PAGER: 'cat' },
      stdio: 'inherit',
    });
    const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
    if (code !== 0) throw new Error(`${command} ended with ${code}`);
  };
  const say = (text: string): void => console.log(`\n# ${text}`);
  const image = `${registry}/demo:v1`;

  say('A new lockfile. The base image says what it is; it is not pulled.');
  await show(
    'repro',
    'init',
    '--image',
    image,
    '--base',
    `${registry}/debian:trixie-slim`,
    '--package',
    'hello',
  );
  say('The bake file. Nothing is pinned yet but the base.');
  await show('repro', 'generate');
  say('Collect the packages in an image, push it, and read back what it has.');
  await show('docker', 'buildx', 'bake', '-f', 'docker-bake.hcl', 'pkg-cache', '--push');
  await show('repro', 'lock');
  await show('git', 'init', '--quiet');
  await show('git', 'add', 'repro.lock');
  await show('git', 'commit', '--quiet', '--message', 'Lock the packages');
  say('From here on, builds install from the pinned image, without network.');
  await show('repro', 'generate', '--locked');
  await show('docker', 'buildx', 'bake', '-f', 'docker-bake.hcl', 'app');
  await show('docker', 'run', '--rm', image, 'hello');
  say('One package more: the same again, in one command.');
  await show('repro', 'add', 'jq');
  await show('repro', 'update');
  await show('docker', 'buildx', 'bake', '-f', 'docker-bake.hcl', 'app');
  await show('docker', 'run', '--rm', image, 'jq', '--version');
  say('What a reviewer reads.');
  await show('git', 'diff', 'repro.lock');
}
