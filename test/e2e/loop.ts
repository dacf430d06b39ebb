import parse from '@iarna/toml/parse-string.js';
import anyTest, { type TestFn } from 'ava';
import { figure } from './figures.ts';
import { changedLines } from './lines.ts';
import { type EngineFacts, engineOf, execute, newProject, ok } from './project.ts';
import { imageTree } from './tree.ts';
import { twice } from './twice.ts';

const test = anyTest as TestFn;

/** The whole loop on one image store. */
export function loopTests(suite: string): void {
  const engine = engineOf(suite);

  test.serial(`${suite}: init, generate, bake, lock, offline rebuild; then one package more`, async (t) => {
    const project = await newProject(t, engine);
    const image = `${engine.registry}/loop:v1`;

    const init = await ok(
      t,
      project.repro(
        'init',
        '--image',
        image,
        '--base',
        `${engine.registry}/debian:trixie-slim`,
        '--package',
        'hello',
      ),
    );
    t.regex(init.output, /Debian GNU\/Linux 13/);
    const fresh = await project.read('repro.lock');
    t.like(parse(fresh), {
      distro: 'debian',
      platforms: ['linux/amd64'],
      packages: ['hello'],
      base: { release: '13' },
    });

    const generate = await ok(t, project.repro('generate'));
    t.regex(generate.stderr, /is not pinned yet/);
    t.is((await project.repro('generate', '--locked')).code, 1);
    // One run from scratch: the packages are collected and installed.
    await ok(t, project.bake('app'));
    t.regex((await ok(t, project.docker('run', '--rm', image, 'hello'))).stdout, /Hello, world!/);
    await ok(t, project.bake('pkg-cache', '--push'));
    const lock = await ok(t, project.repro('lock'));
    t.regex(lock.stdout, /\+ hello 2\.10-\S+ amd64/);
    await ok(t, project.repro('generate', '--locked'));
    await ok(t, project.repro('generate', '--locked', '--check'));
    await offline(engine, async () => {
      const mirror = await project.docker(
        'run',
        '--rm',
        `${engine.registry}/debian:trixie-slim`,
        'timeout',
        '5',
        'apt-get',
        'update',
        '--error-on=any',
      );
      if (engine.bridge !== undefined) t.not(mirror.code, 0, 'the mirror is gone');
      await ok(t, project.bake('app', '--no-cache'));
    });
    t.regex((await ok(t, project.docker('run', '--rm', image, 'hello'))).stdout, /Hello, world!/);

    const before = await project.read('repro.lock');
    const heads = await ok(t, project.repro('lock', '--json'));
    t.is(await project.read('repro.lock'), before);
    t.truthy(JSON.parse(heads.stdout));

    await ok(t, project.repro('add', 'jq'));
    const stale = await project.repro('generate', '--locked');
    t.is(stale.code, 1);
    t.regex(stale.output, /collected for another base, or for other packages/);
    await ok(t, project.repro('update'));
    await offline(engine, async () => {
      await ok(t, project.bake('app', '--no-cache'));
    });
    t.regex((await ok(t, project.docker('run', '--rm', image, 'jq', '--version'))).stdout, /^jq-1\./);

    const { added, removed } = changedLines(before, await project.read('repro.lock'));
    const shape = (lines: string[]) =>
      lines.map((line) => /^\s*(?:\{ name = "([^"]+)"|(\w+) =)/.exec(line)?.slice(1).join('') ?? line);
    t.deepEqual(shape(removed), ['packages', 'digest', 'inputs']);
    t.deepEqual(shape(added), ['packages', 'digest', 'inputs', 'jq', 'libjq1', 'libonig5']);
  });

  test.serial(
    `${suite}: two builds give one digest, and the cache is hardly larger than its packages`,
    async (t) => {
      const project = await newProject(t, engine);
      const init = [
        '--image',
        `${engine.registry}/twice:v1`,
        '--base',
        `${engine.registry}/debian:bookworm-slim`,
      ];
      await ok(
        t,
        project.repro('init', ...init, ...['dbus', 'python3', 'jq'].flatMap((name) => ['--package', name])),
      );
      await ok(t, project.repro('update'));
      const same = await twice(t, project, 'twice');
      const apt = ['run', '--rm', `${engine.registry}/twice:v1`, 'apt-get', '--version'];
      const version = (await ok(t, project.docker(...apt))).stdout.split(' ', 2).join(' ');
      await figure({ name: `Debian's own, ${engine.store} store`, version, ...same });
    },
  );

  test.serial(`${suite}: the result equals an online installation`, async (t) => {
    const project = await newProject(t, engine);
    // jq is in the base already, in an older version: an upgrade of a package of the base.
    const base = `${engine.registry}/old-jq:trixie`;
    await project.write('Dockerfile.base', oldPackage(`${engine.registry}/debian:trixie-slim`, 'jq'));
    await ok(t, project.docker('buildx', 'build', '--push', '-t', base, '-f', 'Dockerfile.base', '.'));
    const packages = ['dbus', 'jq', 'python3-minimal', 'ca-certificates'];
    await ok(
      t,
      project.repro(
        'init',
        '--image',
        `${engine.registry}/equal:v1`,
        '--base',
        base,
        ...packages.flatMap((name) => ['--package', name]),
      ),
    );
    await ok(t, project.repro('update'));
    await ok(t, project.bake('app', '--push'));
    const epoch = /"SOURCE_DATE_EPOCH" = "(\d+)"/.exec(await project.read('docker-bake.hcl'))?.[1];
    await project.write(
      'Dockerfile.online',
      `FROM ${base}\nARG SOURCE_DATE_EPOCH=${epoch}\nRUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y ${packages.join(' ')} && rm -rf /var/lib/apt/lists/*\n`,
    );
    const online = `${engine.registry}/equal:online`;
    await ok(t, project.docker('buildx', 'build', '--push', '-t', online, '-f', 'Dockerfile.online', '.'));

    const [ours, theirs] = [
      await imageTree(project, `${engine.registry}/equal:v1`),
      await imageTree(project, online),
    ];
    const { added, removed } = changedLines(theirs.join('\n'), ours.join('\n'));
    const paths = [...new Set([...added, ...removed].map((line) => line.split(' ')[0]))].sort();
    // docs/apt.md, "What differs from an online installation".
    const listed =
      /^var\/(log\/(alternatives\.log|dpkg\.log|apt\/.*)|cache\/(apt\/.*|ldconfig\/aux-cache)|lib\/(apt\/lists\/.*|dbus\/machine-id))$/;
    t.deepEqual(
      paths.filter((path) => !listed.test(path ?? '')),
      [],
    );

    const marks = (tag: string) =>
      project.docker(
        'run',
        '--rm',
        `${engine.registry}/equal:${tag}`,
        'sh',
        '-c',
        'apt-mark showauto; echo --; apt-mark showmanual; echo --; dpkg -l',
      );
    t.is((await ok(t, marks('v1'))).stdout, (await ok(t, marks('online'))).stdout);
  });
}

/** A base image that has version 0 of a package. */
function oldPackage(base: string, name: string): string {
  return `FROM ${base}
RUN mkdir -p /tmp/old/DEBIAN && printf 'Package: ${name}\\nVersion: 0\\nArchitecture: all\\nMaintainer: nobody\\nDescription: old\\n' >/tmp/old/DEBIAN/control && dpkg-deb -b /tmp/old /tmp/old.deb && dpkg -i /tmp/old.deb && rm -rf /tmp/old /tmp/old.deb /var/log/dpkg.log
`;
}

/** Build steps can't reach anything meanwhile; the registry is the daemon's own business, and stays. */
async function offline(engine: EngineFacts, use: () => Promise<void>): Promise<void> {
  const set = async (state: 'up' | 'down') => {
    if (engine.bridge !== undefined) await execute('ip', ['link', 'set', engine.bridge, state]);
  };
  await set('down');
  try {
    await use();
  } finally {
    await set('up');
  }
}
