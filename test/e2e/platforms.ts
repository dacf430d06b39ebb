import parse from '@iarna/toml/parse-string.js';
import anyTest, { type TestFn } from 'ava';
import { tools as debianTools } from '../engine/debian.ts';
import { emulateArm64 } from '../engine/emulation.ts';
import { baseImage } from '../engine/images.ts';
import { push } from '../engine/push.ts';
import { engineOf, manifestOf, newProject, ok } from './project.ts';

const test = anyTest as TestFn;

/** Two platforms on the containerd store; the classic one refuses to build for several. arm64 is emulated. */
export function platformTests(): void {
  const engine = engineOf('containerd');

  test.serial('two platforms: one lockfile, a list for each, installed and run on both', async (t) => {
    const undo = await emulateArm64();
    t.teardown(undo);
    const tools = await debianTools();
    const images = await Promise.all(['amd64', 'arm64'].map((arch) => baseImage('trixie', tools, arch)));
    await push(
      images.map(({ folder }) => folder),
      engine.registry,
      'debian',
      'trixie-two',
    );

    const project = await newProject(t, engine);
    const image = `${engine.registry}/two:v1`;
    const platforms = ['--platform', 'linux/amd64', '--platform', 'linux/arm64'];
    await ok(
      t,
      project.repro(
        'init',
        '--image',
        image,
        '--base',
        `${engine.registry}/debian:trixie-two`,
        '--package',
        'hello',
        ...platforms,
      ),
    );
    const lockfile = await project.read('repro.lock');
    await project.write(
      'repro.lock',
      lockfile.replace('[base]', '[platform-packages]\n"linux/arm64" = ["jq"]\n\n[base]'),
    );
    const update = await ok(t, project.repro('update'));
    t.regex(
      update.stderr,
      /warning: not on all platforms: jq \(linux\/arm64\); libjq1 \(linux\/arm64\); libonig5 \(linux\/arm64\) \[E_PLATFORM_PACKAGES\]/,
    );

    const { platform } = parse(await project.read('repro.lock')) as unknown as {
      platform: { name: string; packages: { name: string; arch: string }[] }[];
    };
    t.deepEqual(
      platform.map(({ name, packages }) => [name, ...packages.map((pkg) => `${pkg.name}:${pkg.arch}`)]),
      [
        ['linux/amd64', 'hello:amd64'],
        ['linux/arm64', 'hello:arm64', 'jq:arm64', 'libjq1:arm64', 'libonig5:arm64'],
      ],
    );
    const cache = await manifestOf(engine, 'two', 'v1-pkg-cache');
    t.is(cache.manifests?.length, 2);

    await ok(t, project.repro('generate', '--locked'));
    await ok(t, project.bake('app', '--no-cache', '--push'));
    for (const [name, machine] of [
      ['linux/amd64', 'x86_64'],
      ['linux/arm64', 'aarch64'],
    ] as const) {
      const run = (...args: string[]) =>
        project.docker('run', '--rm', '--pull', 'always', '--platform', name, image, ...args);
      t.is((await ok(t, run('uname', '-m'))).stdout.trim(), machine);
      t.regex((await ok(t, run('hello'))).stdout, /Hello, world!/);
    }
    t.is((await ok(t, project.repro('lock'))).stdout, 'repro.lock is up to date\n');
    const proved = (await ok(t, project.repro('verify'))).stdout;
    t.regex(
      proved,
      /^ {2}packages {2}linux\/amd64: 1 \(\d+ bytes\), each with the locked SHA-256, and nothing else$/m,
    );
    t.regex(proved, /^ {2}packages {2}linux\/arm64: 4 /m);
  });
}
