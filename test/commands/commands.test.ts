import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { ReproError } from '../../src/errors.ts';
import { cacheInputs, parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Lockfile } from '../../src/model.ts';
import { run } from '../../src/run.ts';
import { debian, type ImageParts, type Memory, memoryPorts, tarOf } from '../helpers/ports.ts';

/* Every command from its arguments to what it prints, on ports in memory. */

const example = readFileSync('repro.lock.example', 'utf8');
const paint = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };
const repro = (ports: Memory, ...args: string[]) => run(args, ports, paint);
const parse = (text: string) => parseLockfile(text, 'repro.lock', { familyOf, knownDistros });
const BASE = 'docker.io/library/debian:trixie-slim';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const CACHE = 'registry.example/team/app:v1.2.3-pkg-cache';

const inventory = `Package: hello
Version: 2.10-5
Architecture: amd64
Size: 53228
SHA256: ${'4'.repeat(64)}

Package: jq
Version: 1.7.1-6
Architecture: amd64
Size: 78900
SHA256: ${'7'.repeat(64)}
`;

async function cacheImage(
  lockfile: Lockfile,
  text = inventory,
  labels: Record<string, string> = {},
): Promise<ImageParts> {
  const layers = [
    gzipSync(await tarOf([{ name: 'hello_2.10-5_amd64.deb', text: 'bytes' }])),
    await tarOf([{ name: 'Packages', text }]),
  ];
  const all = {
    'repro.inputs': cacheInputs(lockfile) ?? '',
    'repro.packages': lockfile.packages.join(' '),
    'repro.base': `docker.io/library/debian@${lockfile.base.digest}`,
    ...labels,
  };
  return { layers, config: { Labels: all } };
}

/** The example, whose base and cache the registry really has. */
async function locked(): Promise<Memory & { lockfile: Lockfile }> {
  const ports = memoryPorts();
  const base = ports.memory.push(BASE, { layers: [await debian()], created: '2026-11-10T00:00:00Z' });
  const { platform: _, ...intent } = await parse(example);
  const lockfile: Lockfile = { ...intent, base: { ...intent.base, digest: base }, cache: { image: CACHE } };
  ports.memory.push(CACHE, await cacheImage(lockfile));
  ports.texts.set('repro.lock', serializeLockfile(lockfile));
  const { exitCode, stderr } = await repro(ports, 'lock');
  if (exitCode !== 0) throw new Error(stderr);
  ports.memory.asked.length = 0;
  return { ...ports, lockfile: await parse(ports.texts.get('repro.lock') ?? '') };
}

test('init writes what the base image says', async (t) => {
  const ports = memoryPorts();
  const digest = ports.memory.push(BASE, {
    layers: [await debian()],
    created: '2026-11-10T01:02:03.456Z',
    config: { User: 'app' },
  });
  const { exitCode, stdout, stderr } = await repro(
    ports,
    'init',
    '--image',
    'registry.example/app',
    '--base',
    'debian:trixie-slim',
    '-p',
    'jq',
    '-p',
    'hello',
    '--no-recommends',
    '--dockerfile',
    'docker/Dockerfile',
    '--context',
    'docker',
  );
  t.is(exitCode, 0, stderr);
  t.is(
    stdout,
    `wrote repro.lock
  image     registry.example/app:latest
  base      ${BASE} ${digest.slice(0, 19)}
  distro    debian (Debian GNU/Linux 13 (trixie))
  platforms linux/amd64
  packages  hello jq
  cache     registry.example/app:latest-pkg-cache
`,
  );
  t.is(stderr, 'next: repro generate\n');
  t.is(
    ports.texts.get('repro.lock'),
    `# The packages of this image, pinned. Edit the first part; \`repro lock\` writes the rest.
version = 1

image = "registry.example/app:latest"
distro = "debian"
platforms = ["linux/amd64"]
packages = ["hello", "jq"]
recommends = false

[build]
dockerfile = "docker/Dockerfile"
context = "docker"

[base]
image = "${BASE}"
digest = "${digest}"
release = "13"
created = "2026-11-10T01:02:03Z"
user = "app"

[cache]
image = "registry.example/app:latest-pkg-cache"
`,
  );
});

test('init: platforms of an index, derivatives, and bases that can not be used', async (t) => {
  const layers = [await debian()];
  const cases: [what: string, images: ImageParts[], args: string[], expected: string | Partial<Lockfile>][] =
    [
      [
        'an index: linux/amd64',
        [{ layers, architecture: 'arm64', variant: 'v8' }, { layers }],
        [],
        { platforms: ['linux/amd64'] },
      ],
      [
        'an index without it: the first',
        [
          { layers, architecture: 's390x' },
          { layers, architecture: 'arm64' },
        ],
        [],
        { platforms: ['linux/s390x'] },
      ],
      [
        'both',
        [{ layers, architecture: 'arm64' }, { layers }],
        ['--platform', 'linux/arm64', '--platform', 'linux/amd64'],
        { platforms: ['linux/amd64', 'linux/arm64'] },
      ],
      [
        'a single image of its own',
        [{ layers, architecture: 'arm', variant: 'v7' }],
        [],
        { platforms: ['linux/arm/v7'] },
      ],
      [
        'another platform',
        [{ layers, architecture: 'arm64' }],
        ['--platform', 'linux/amd64'],
        'error: debian:trixie-slim has no image for linux/amd64 [E_WRONG_PLATFORM]\n  hint: it has: linux/arm64\n',
      ],
      [
        'ONBUILD',
        [{ layers, config: { OnBuild: ['RUN x'] } }],
        [],
        'error: debian:trixie-slim has ONBUILD instructions, which every build on it would run, unpinned: "RUN x" [E_ONBUILD]\n  hint: take a base image without them\n',
      ],
      [
        'no os-release',
        [{ layers: [gzipSync(await tarOf([{ name: 'a' }]))] }],
        [],
        `error: debian:trixie-slim has no os-release file, so its distro is not known [E_NO_OS_RELEASE]\n  hint: say which it is: --distro ${knownDistros.join('|')}\n`,
      ],
      [
        'no os-release, and the distro said',
        [{ layers: [gzipSync(await tarOf([{ name: 'a' }]))] }],
        ['--distro', 'debian'],
        { distro: 'debian' },
      ],
      [
        'a distro like a known one',
        [{ layers: [await debian('ID=mx\nID_LIKE="debian"\n')] }],
        [],
        { distro: 'debian' },
      ],
      [
        'a distro unlike any',
        [{ layers: [await debian('ID=plan9\nID_LIKE="unix bell"\n')] }],
        [],
        `error: debian:trixie-slim is of a distro that is not supported: its os-release has ID "plan9", ID_LIKE "unix bell" [E_UNKNOWN_DISTRO]\n  hint: known distros: ${knownDistros.join(', ')}; if it is like one of them: --distro NAME\n`,
      ],
      [
        'a layer that is cut',
        [{ layers: [gzipSync(Buffer.alloc(2000)).subarray(0, 20)] }],
        [],
        "error: debian:trixie-slim can't be used: a layer can't be read, it ends too early [E_BAD_IMAGE]\n",
      ],
      [
        'a layer that is no tar',
        [{ layers: [gzipSync('x'.repeat(1024))] }],
        [],
        "error: debian:trixie-slim can't be used: a layer can't be read, it is no tar archive [E_BAD_IMAGE]\n",
      ],
      [
        'a user that a lockfile does not take',
        [{ layers, config: { User: 'a b' } }],
        [],
        'error: `user` must be a user or user:group, not "a b" [E_VALUE]\n',
      ],
      [
        'different users',
        [
          { layers, config: { User: 'a' } },
          { layers, architecture: 'arm64' },
        ],
        ['--platform', 'linux/amd64', '--platform', 'linux/arm64'],
        'error: debian:trixie-slim can\'t be used: its platforms have different users: "a", "" [E_BAD_IMAGE]\n',
      ],
      [
        'an unknown --distro',
        [{ layers }],
        ['--distro', 'plan9'],
        `error: no support for the distro "plan9" [E_UNKNOWN_DISTRO]\n  hint: known distros: ${knownDistros.join(', ')}\n`,
      ],
      [
        'a bad package',
        [{ layers }],
        ['-p', 'a*'],
        'error: "a*" has a pattern or a task in it: name each package [E_REQUEST]\n',
      ],
      [
        'an image that is none',
        [],
        ['--image', 'A'],
        'error: --image: "A" is not an image reference: the name must be lower case [E_IMAGE_REFERENCE]\n',
      ],
      [
        'a base that is none',
        [],
        ['--base', 'a b'],
        'error: --base: "a b" is not an image reference: "a b" can\'t be a name [E_IMAGE_REFERENCE]\n',
      ],
      [
        'an image by its digest',
        [],
        ['--image', `a:1@${DIGEST}`],
        `error: --image: "a:1@${DIGEST}" can't be used here [E_IMAGE_REFERENCE]\n  hint: leave the digest out\n`,
      ],
      [
        'a cache by its digest',
        [],
        ['--cache', `a@${DIGEST}`],
        `error: --cache: "a@${DIGEST}" can't be used here [E_IMAGE_REFERENCE]\n  hint: leave the digest out\n`,
      ],
      [
        'a base by its digest alone',
        [],
        ['--base', `debian@${DIGEST}`],
        `error: --base: "debian@${DIGEST}" can't be used here [E_IMAGE_REFERENCE]\n  hint: name its tag as well: NAME:TAG@DIGEST\n`,
      ],
      [
        'a base that is not there',
        [],
        [],
        'error: the registry docker.io has no image docker.io/library/debian:trixie-slim [E_NO_SUCH_IMAGE]\n',
      ],
      [
        'a Dockerfile outside',
        [{ layers }],
        ['--dockerfile', '../Dockerfile'],
        'error: `dockerfile` must stay in the lockfile\'s folder: "../Dockerfile" [E_PATH]\n',
      ],
    ];
  for (const [what, images, args, expected] of cases) {
    const ports = memoryPorts();
    if (images.length > 0) ports.memory.push(BASE, ...images);
    const given = (option: string, value: string) => (args.includes(option) ? [] : [option, value]);
    const image = given('--image', 'registry.example/app:v1');
    const base = given('--base', 'debian:trixie-slim');
    const { exitCode, stderr } = await repro(ports, 'init', ...image, ...base, ...args);
    if (typeof expected === 'string') {
      t.deepEqual([exitCode, stderr], [1, expected], what);
      t.false(ports.texts.has('repro.lock'), what);
    } else {
      t.is(exitCode, 0, `${what}: ${stderr}`);
      t.like(await parse(ports.texts.get('repro.lock') ?? ''), expected, what);
    }
  }
});

test('init: a base by its digest, a lockfile elsewhere, a distro that is like another', async (t) => {
  const ports = memoryPorts();
  const old = ports.memory.push(BASE, { layers: [await debian('ID=mx\nID_LIKE="debian"\n')] });
  ports.memory.push(BASE, { layers: [await debian()] });
  const { stderr } = await repro(
    ports,
    ...[
      'init',
      '-f',
      'images/app.lock',
      '--image',
      'registry.example/app:v1',
      '--cache',
      'registry.example/pkgs',
    ],
    ...['--base', `debian:trixie-slim@${old}`, '--recommends'],
    ...['--dockerfile', 'images/web/Dockerfile', '--context', 'images', '--target', 'web'],
  );
  t.is(
    stderr,
    `warning: debian:trixie-slim@${old} is "mx" by its os-release, which is like debian: it is treated as debian [E_DERIVED_DISTRO]
next: repro generate -f images/app.lock
`,
  );
  const lockfile = await parse(ports.texts.get('images/app.lock') ?? '');
  t.deepEqual(lockfile.base, { image: BASE, digest: old });
  t.deepEqual(lockfile.build, { dockerfile: 'web/Dockerfile', context: '.', target: 'web' });
  t.deepEqual(lockfile.cache, { image: 'registry.example/pkgs:latest' });
  t.true(lockfile.recommends);
  t.deepEqual(lockfile.packages, []);
});

test('init keeps a lockfile that is there', async (t) => {
  const ports = memoryPorts({ 'repro.lock': example });
  ports.memory.push(BASE, { layers: [await debian()] });
  const args = ['init', '--image', 'registry.example/app:v1', '--base', 'debian:trixie-slim'];
  const { exitCode, stderr } = await repro(ports, ...args);
  t.is(exitCode, 1);
  t.is(
    stderr,
    'error: there is a lockfile repro.lock already [E_EXISTS]\n  hint: edit it with repro add or repro remove, or replace it with --force\n',
  );
  t.is((await repro(ports, ...args, '--force')).exitCode, 0);
});

test('add and remove', async (t) => {
  const cases: [args: string[], stdout: string, stderr: string, packages: string[]][] = [
    [['add', 'git', '0ad'], '+ git\n+ 0ad\n', 'next: repro update\n', ['0ad', 'git', 'hello', 'jq']],
    [['add', 'jq'], 'repro.lock asks for jq already\n', '', ['hello', 'jq']],
    [['add', 'jq=1.7.1-6'], '~ jq -> jq=1.7.1-6\n', 'next: repro update\n', ['hello', 'jq=1.7.1-6']],
    [['add', 'jq:amd64'], '+ jq:amd64\n', 'next: repro update\n', ['hello', 'jq', 'jq:amd64']],
    [['remove', 'jq'], '- jq\n', 'next: repro update\n', ['hello']],
    [
      ['remove', 'jq', 'jqq', 'x'],
      '',
      'error: repro.lock does not ask for "jqq" [E_NOT_ASKED_FOR]\n  hint: did you mean jq?\nerror: repro.lock does not ask for "x" [E_NOT_ASKED_FOR]\n  hint: it asks for: hello, jq\n',
      ['hello', 'jq'],
    ],
    [['remove', 'jq', 'hello', 'jq'], '- jq\n- hello\n', 'next: repro update\n', []],
    [
      ['add', 'jq', 'git'],
      '+ git\nrepro.lock asks for jq already\n',
      'next: repro update\n',
      ['git', 'hello', 'jq'],
    ],
    [
      ['add', 'git', 'git=1:2.47.3-0', 'b-'],
      '',
      'error: "b-" ends in "-", which asks apt to remove a package [E_REQUEST]\nerror: "git" is named twice, in different ways [E_DUPLICATE]\n',
      ['hello', 'jq'],
    ],
    [
      ['add', 'A', 'b-'],
      '',
      'error: "A" is no apt request: name, name=version, name:arch or name/suite [E_REQUEST]\nerror: "b-" ends in "-", which asks apt to remove a package [E_REQUEST]\n',
      ['hello', 'jq'],
    ],
  ];
  for (const [args, stdout, stderr, packages] of cases) {
    const ports = memoryPorts({ 'repro.lock': example });
    const outcome = await repro(ports, ...args);
    t.is(outcome.stdout, stdout, args.join(' '));
    t.is(outcome.stderr, stderr, args.join(' '));
    t.deepEqual((await parse(ports.texts.get('repro.lock') ?? '')).packages, packages, args.join(' '));
  }

  const header = example.split('\n')[0] ?? '';
  const comments: [what: string, text: string, warned: boolean][] = [
    ['none', example, false],
    ['a line', example.replace('[base]', '# why\n[base]'), true],
    ['behind a value', example.replace('distro = "debian"', 'distro = "debian" # really'), true],
    ['another header', example.replace(header, '# ours'), true],
    ['no comment', example.replace('distro =', 'note = "issue #3, \\"#4"\ndistro ='), false],
  ];
  for (const [what, text, warned] of comments) {
    const { stderr } = await repro(memoryPorts({ 'repro.lock': text }), 'add', 'git');
    const warning =
      'warning: the comments in repro.lock were not kept [E_COMMENTS]\n  hint: put what is to stay into the key `note`\n';
    t.is(stderr, `${warned ? warning : ''}next: repro update\n`, what);
  }
  const none = memoryPorts({ 'repro.lock': example });
  await repro(none, 'remove', 'jq', 'hello');
  t.is(
    (await repro(none, 'remove', 'jq')).stderr,
    'error: repro.lock does not ask for "jq" [E_NOT_ASKED_FOR]\n  hint: it asks for none\n',
  );
});

test('generate', async (t) => {
  const ports = memoryPorts({ 'repro.lock': example });
  const first = await repro(ports, 'generate');
  t.deepEqual(
    [first.exitCode, first.stdout, first.stderr],
    [0, 'wrote docker-bake.hcl\n', 'next: docker buildx bake -f docker-bake.hcl app\n'],
  );
  t.is((await repro(ports, 'generate')).stdout, 'docker-bake.hcl is up to date\n');
  t.is((await repro(ports, 'generate', '--check', '--locked')).exitCode, 0);
  t.is((await repro(ports, 'generate', '-o', '-')).stdout, ports.texts.get('docker-bake.hcl') ?? '');

  await repro(ports, 'add', 'git');
  const check = await repro(ports, 'generate', '--check');
  t.is(check.exitCode, 1);
  t.is(
    check.stderr,
    'error: docker-bake.hcl is not what repro.lock gives [E_OUT_OF_DATE]\n  hint: run repro generate\n',
  );
  const why =
    'the package cache was collected for another base, or for other packages, than the lockfile names now: the packages are collected anew [E_STALE]\n  hint: run repro update, or: repro generate, docker buildx bake -f docker-bake.hcl pkg-cache --push, repro lock\n';
  const stale = await repro(ports, 'generate', '--locked');
  t.deepEqual([stale.exitCode, stale.stderr], [1, `error: ${why}`]);
  const loud = await repro(ports, 'generate');
  t.deepEqual(
    [loud.exitCode, loud.stderr],
    [0, `warning: ${why}next: docker buildx bake -f docker-bake.hcl pkg-cache --push\nthen: repro lock\n`],
  );
  ports.texts.delete('docker-bake.hcl');
  t.is(
    (await repro(ports, 'generate', '--check', '-o', 'x.hcl')).stderr,
    'error: there is no x.hcl, which repro.lock would give [E_OUT_OF_DATE]\n  hint: run repro generate -o x.hcl\n',
  );

  const elsewhere = memoryPorts({ 'images/my app.lock': example });
  const result = await repro(elsewhere, 'generate', '-f', 'images/my app.lock');
  t.deepEqual(result, {
    exitCode: 0,
    stdout: 'wrote images/docker-bake.hcl\n',
    stderr: 'next: cd images && docker buildx bake -f docker-bake.hcl app\n',
  });
  t.is(
    (await repro(elsewhere, 'generate', '-f', 'images/my app.lock', '--check', '-o', 'y')).stderr,
    'error: there is no y, which images/my app.lock would give [E_OUT_OF_DATE]\n  hint: run repro generate -f "images/my app.lock" -o y\n',
  );
});

test('generate writes only what is another', async (t) => {
  const ports = memoryPorts({ 'repro.lock': example });
  await repro(ports, 'generate');
  const refuse: Memory = {
    ...ports,
    files: {
      ...ports.files,
      write: async () => {
        throw new ReproError({ code: 'E_WRITE', message: 'written' });
      },
    },
  };
  for (const args of [['generate'], ['generate', '--check'], ['generate', '-o', '-'], ['add', 'jq']])
    t.is((await repro(refuse, ...args)).exitCode, 0, args.join(' '));
  t.is((await repro(refuse, 'generate', '-o', 'other.hcl')).stderr, 'error: written [E_WRITE]\n');
});

test("generate leaves a user's bake file alone, and names what clashes", async (t) => {
  const hcl = 'group "default" { targets = ["web"] }\ntarget "web" {}\ntarget "app" {}\n';
  const json = '{"target":{"app":{},"web":{}}}';
  const merged = (file: string, names: string) =>
    `warning: ${file} has names of ours, which bake merges where no -f is given: ${names} [E_NAME_CLASH]\n  hint: give the file when you bake: docker buildx bake -f docker-bake.hcl\n`;
  const next = 'next: docker buildx bake -f docker-bake.hcl app\n';
  const cases: [what: string, file: string, text: string, code: number, stderr: string, args?: string[]][] = [
    [
      'HCL in our place',
      'docker-bake.hcl',
      hcl,
      1,
      'error: docker-bake.hcl was not written by repro and is left alone; it has names of ours: target "app", group "default" [E_NOT_OURS]\n  hint: choose another file: repro generate -o repro-bake.hcl\n',
    ],
    [
      'JSON where it was to be written',
      'own.json',
      json,
      1,
      'error: own.json was not written by repro and is left alone; it has names of ours: target "app" [E_NOT_OURS]\n  hint: choose another file: repro generate -o docker-bake.hcl\n',
      ['-o', 'own.json'],
    ],
    [
      'no HCL',
      'docker-bake.hcl',
      'app {{{',
      1,
      'error: docker-bake.hcl was not written by repro and is left alone [E_NOT_OURS]\n  hint: choose another file: repro generate -o repro-bake.hcl\n',
    ],
    ['an empty file', 'docker-bake.hcl', '', 0, next],
    ['JSON beside ours', 'docker-bake.json', json, 0, `${merged('docker-bake.json', 'target "app"')}${next}`],
    [
      'HCL beside ours',
      'docker-bake.override.hcl',
      hcl,
      0,
      `${merged('docker-bake.override.hcl', 'target "app", group "default"')}${next}`,
    ],
    ['no name of ours', 'docker-bake.json', '{"target":{"web":{"args":{"app":"x"}}}}', 0, next],
    ['no JSON', 'docker-bake.json', '{"app"', 0, next],
    ['a file that bake does not merge', 'other-bake.hcl', hcl, 0, next],
    [
      'ours under a name that bake does not merge',
      'docker-bake.hcl',
      hcl,
      0,
      'next: docker buildx bake -f repro-bake.hcl app\n',
      ['-o', 'repro-bake.hcl'],
    ],
  ];
  for (const [what, file, text, code, expected, args = []] of cases) {
    const ports = memoryPorts({ 'repro.lock': example, [file]: text });
    const { exitCode, stderr } = await repro(ports, 'generate', ...args);
    t.deepEqual([exitCode, stderr], [code, expected], what);
    if (text !== '') t.is(ports.texts.get(file), text, what);
  }
});

test('generate with a Dockerfile', async (t) => {
  const build = (await parse(example)) as Lockfile;
  const text = serializeLockfile({ ...build, build: { dockerfile: 'docker/Dockerfile' } });
  const missing = await repro(memoryPorts({ 'repro.lock': text }), 'generate');
  t.regex(
    missing.stderr,
    /^error: there is no docker.Dockerfile, which repro\.lock names as the project's own Dockerfile \[E_NO_DOCKERFILE\]/,
  );
  const ports = memoryPorts({ 'repro.lock': text, 'docker/Dockerfile': 'FROM debian:trixie-slim\n' });
  t.is((await repro(ports, 'generate')).exitCode, 0);
  const other = await repro(
    memoryPorts({ 'repro.lock': text, 'docker/Dockerfile': 'FROM scratch\n' }),
    'generate',
  );
  t.regex(
    other.stderr,
    /^error: no FROM names the locked base debian:trixie-slim.*\n {2}at: docker\/Dockerfile:1\n/,
  );
});

test('lock: from nothing to pins, and nothing more to do', async (t) => {
  const { lockfile, memory, texts, ...ports } = await locked();
  const all = { ...ports, memory, texts };
  t.deepEqual(
    lockfile.platform?.[0]?.packages.map(({ name, version, size }) => [name, version, size]),
    [
      ['hello', '2.10-5', 53228],
      ['jq', '1.7.1-6', 78900],
    ],
  );
  const before = texts.get('repro.lock');
  for (const args of [['lock'], ['lock', '--check']]) {
    memory.asked.length = 0;
    const { stdout, stderr } = await repro(all, ...args);
    t.deepEqual([stdout, stderr], ['repro.lock is up to date\n', '']);
    t.deepEqual(memory.asked.toSorted(), [`HEAD ${BASE}`, `HEAD ${CACHE}`]);
  }
  t.is(texts.get('repro.lock'), before);
});

test('lock: what does not fit', async (t) => {
  type Locked = Awaited<ReturnType<typeof locked>>;
  const collect =
    'run repro update, or: repro generate, then docker buildx bake -f docker-bake.hcl pkg-cache --push, then repro lock';
  const notACache = (why: string) =>
    `error: ${CACHE} is not a package cache that repro made: ${why} [E_NOT_A_CACHE]\n  hint: run repro update to collect the packages and push them there, or name another image at \`cache.image\`\n`;
  const badList = (why: string) =>
    `error: the package list of the cache image has a package ${why}: "Package: hello" [E_INVENTORY]\n  hint: collect the packages again: repro update\n`;
  const collected = (how: string) =>
    `error: the package cache ${CACHE} was collected ${how} [E_CACHE_STALE]\n  hint: ${collect}\n`;
  const old = (lockfile: Lockfile) => lockfile.base.digest?.slice(0, 19);
  const cases: [
    what: string,
    change: (ports: Locked) => Promise<unknown> | unknown,
    code: number,
    stderr: string | ((ports: Locked) => string),
    args?: string[],
  ][] = [
    [
      'the base moved',
      async ({ memory }) => memory.push(BASE, { layers: [await debian(), await debian()] }),
      0,
      ({ memory, lockfile }) =>
        `warning: the base debian:trixie-slim is another image by now: ${memory.tags.get(BASE)?.slice(0, 19)}, where the lockfile has ${old(lockfile)} [E_BASE_MOVED]\n  hint: to move to it: repro update --base\n`,
    ],
    [
      'the tag of the base is gone',
      ({ memory }) => memory.tags.delete(BASE),
      0,
      'warning: the registry docker.io has no tag debian:trixie-slim any more, the base is still there by its digest [E_UNTAGGED]\n',
    ],
    [
      'the base is gone',
      ({ memory, lockfile }) => [
        memory.tags.delete(BASE),
        memory.manifests.delete(lockfile.base.digest ?? ''),
      ],
      1,
      ({ lockfile }) =>
        `error: the registry docker.io has no base debian:trixie-slim any more, neither by its tag nor by its digest ${old(lockfile)} [E_NO_SUCH_IMAGE]\n  hint: push it again, or name another at \`base.image\` and take \`base.digest\` out\n`,
    ],
    [
      'the tag of the cache is gone',
      ({ memory }) => memory.tags.delete(CACHE),
      0,
      `warning: the registry registry.example has no tag ${CACHE} any more, the package cache is still there by its digest [E_UNTAGGED]\n  hint: its registry may take it away; to give it a tag of its own: repro verify --keep\n`,
    ],
    [
      'the cache is gone',
      ({ memory, lockfile }) => [
        memory.tags.delete(CACHE),
        memory.manifests.delete(lockfile.cache.digest ?? ''),
      ],
      1,
      `error: the registry registry.example has no package cache ${CACHE} [E_NO_SUCH_IMAGE]\n  hint: ${collect}\n`,
    ],
    [
      'a cache for other packages',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage({ ...lockfile, packages: ['git'] })),
      1,
      collected('for "git" where the lockfile has "hello jq"'),
    ],
    [
      'a cache on another base',
      async ({ memory, lockfile }) =>
        memory.push(
          CACHE,
          await cacheImage({ ...lockfile, base: { ...lockfile.base, digest: `sha256:${'a'.repeat(64)}` } }),
        ),
      1,
      ({ lockfile }) =>
        collected(
          `on "docker.io/library/debian@${DIGEST.slice(0, 19)}" where the lockfile has "docker.io/library/debian@${old(lockfile)}"`,
        ),
    ],
    [
      'a cache with other settings',
      async ({ memory, lockfile }) => memory.push(CACHE, await cacheImage({ ...lockfile, recommends: true })),
      1,
      collected('with other settings than those of the lockfile'),
    ],
    [
      'no cache of ours',
      async ({ memory, lockfile }) => memory.push(CACHE, { ...(await cacheImage(lockfile)), config: {} }),
      1,
      notACache('it has no label repro.inputs'),
    ],
    [
      'a cache without a list',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, { ...(await cacheImage(lockfile)), layers: [await tarOf([{ name: 'x' }])] }),
      1,
      notACache('its last layer has no "Packages"'),
    ],
    [
      'a cache without layers',
      async ({ memory, lockfile }) => memory.push(CACHE, { ...(await cacheImage(lockfile)), layers: [] }),
      1,
      notACache('it has no layers'),
    ],
    [
      'a list that is a folder',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, {
          ...(await cacheImage(lockfile)),
          layers: [await tarOf([{ name: 'Packages', type: 'directory' }])],
        }),
      1,
      notACache('its last layer has no "Packages"'),
    ],
    [
      'a last layer that is cut',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, {
          ...(await cacheImage(lockfile)),
          layers: [gzipSync(Buffer.alloc(2000)).subarray(0, 20)],
        }),
      1,
      notACache("its last layer can't be read, it ends too early"),
    ],
    [
      'a last layer that is broken',
      async ({ memory, lockfile }) => {
        const bytes = gzipSync(await tarOf([{ name: 'Packages', text: inventory }]));
        bytes.fill(0, 20, 40);
        memory.push(CACHE, { ...(await cacheImage(lockfile)), layers: [bytes] });
      },
      1,
      notACache("its last layer can't be read, its compression is broken"),
    ],
    [
      'a list that is no list',
      async ({ memory, lockfile }) => memory.push(CACHE, await cacheImage(lockfile, 'Package: hello\n')),
      1,
      badList('without Version'),
    ],
    [
      'a list with a name that no package has',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage(lockfile, inventory.replace('hello', '$(id)'))),
      1,
      'error: "$(id)" is no Debian package name (Debian Policy 5.6.1) [E_PACKAGE]\n',
    ],
    [
      'a list with a size that is none',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage(lockfile, inventory.replace('53228', 'x'))),
      1,
      badList('whose Size is no number'),
    ],
    [
      'the registry is down',
      ({ memory }) => {
        memory.failure = new ReproError({ code: 'E_REGISTRY_UNREACHABLE', message: "can't reach it" });
      },
      1,
      "error: can't reach it [E_REGISTRY_UNREACHABLE]\n",
    ],
    [
      'a new cache, under --check',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage(lockfile, inventory.replace('1.7.1-6', '1.7.1-7'))),
      1,
      'error: repro.lock is not what the registry has: the package cache, the packages for linux/amd64 [E_LOCK_STALE]\n  hint: run repro lock and look at the difference\n',
      ['--check'],
    ],
    [
      'another form, under --check',
      ({ texts }) => texts.set('repro.lock', `${texts.get('repro.lock')}\n`),
      1,
      'error: repro.lock is not what the registry has: its form [E_LOCK_STALE]\n  hint: run repro lock and look at the difference\n',
      ['--check'],
    ],
  ];
  for (const [what, change, code, expected, args = []] of cases) {
    const ports = await locked();
    await change(ports);
    const before = ports.texts.get('repro.lock');
    const { exitCode, stderr } = await repro(ports, 'lock', ...args);
    const wanted = typeof expected === 'string' ? expected : expected(ports);
    t.deepEqual([exitCode, stderr], [code, wanted], what);
    t.is(ports.texts.get('repro.lock'), before, what);
  }
});

test('lock prints the change', async (t) => {
  const ports = await locked();
  const text = `${inventory.replace('1.7.1-6', '1.8-1').replace(/Package: hello[\s\S]*?\n\n/, '')}\nPackage: libjq1\nVersion: 1.8-1\nArchitecture: amd64\nSize: 1\nSHA256: ${'1'.repeat(64)}\n`;
  ports.memory.push(CACHE, await cacheImage(ports.lockfile, text));
  const { stdout } = await repro(ports, 'lock');
  t.regex(
    stdout,
    /^wrote repro\.lock\n~ cache sha256:\w{12} -> sha256:\w{12}\nlinux\/amd64:\n {2}- hello 2\.10-5 amd64\n {2}~ jq 1\.7\.1-6 -> 1\.8-1 amd64\n {2}\+ libjq1 1\.8-1 amd64\n$/,
  );
  const json = await repro(await locked(), 'lock', '--json');
  t.like(JSON.parse(json.stdout), { file: 'repro.lock', changed: false });
});

test('lock pins a base that is not pinned, and says what is left', async (t) => {
  const ports = memoryPorts();
  const digest = ports.memory.push(BASE, { layers: [await debian()] });
  const { platform: _, base, ...intent } = await parse(example);
  ports.texts.set(
    'repro.lock',
    serializeLockfile({ ...intent, base: { image: base.image }, cache: { image: CACHE } }),
  );
  const { exitCode, stdout, stderr } = await repro(ports, 'lock');
  t.is(exitCode, 0, stderr);
  t.is(stdout, `wrote repro.lock\n~ base not pinned -> ${digest.slice(0, 19)}\n`);
  t.is(
    stderr,
    'next: repro generate\nthen: docker buildx bake -f docker-bake.hcl pkg-cache --push\nthen: repro lock\n',
  );
});

test('lock: an old cache under the tag of a base that is just being pinned', async (t) => {
  const { texts, memory, lockfile, ...rest } = await locked();
  const { platform: _, base, ...intent } = lockfile;
  texts.set(
    'repro.lock',
    serializeLockfile({ ...intent, base: { image: base.image }, cache: { image: CACHE } }),
  );
  memory.push(CACHE, await cacheImage({ ...lockfile, packages: ['git'] }));
  const { exitCode, stderr } = await repro({ ...rest, texts, memory }, 'lock');
  t.is(exitCode, 0);
  t.is(
    stderr,
    `warning: the package cache ${CACHE} was collected for "git" where the lockfile has "hello jq" [E_CACHE_STALE]
  hint: run repro update, or: repro generate, then docker buildx bake -f docker-bake.hcl pkg-cache --push, then repro lock
next: repro generate
then: docker buildx bake -f docker-bake.hcl pkg-cache --push
then: repro lock
`,
  );
  const after = await parse(texts.get('repro.lock') ?? '');
  t.deepEqual([after.base.digest, after.cache], [base.digest, { image: CACHE }]);
});

test('lock: two platforms, and the same versions on both', async (t) => {
  const ports = memoryPorts();
  const layers = [await debian()];
  const digest = ports.memory.push(BASE, { layers }, { layers, architecture: 'arm64' });
  const { platform: _, ...intent } = await parse(example);
  const lockfile: Lockfile = {
    ...intent,
    platforms: ['linux/amd64', 'linux/arm64'],
    base: { ...intent.base, digest },
    cache: { image: CACHE },
  };
  const arm = inventory.replaceAll('amd64', 'arm64').replace('1.7.1-6', '1.7.1-5');
  const both = [
    await cacheImage(lockfile),
    { ...(await cacheImage(lockfile, arm)), architecture: 'arm64', variant: 'v8' },
  ];
  ports.memory.push(CACHE, ...both);
  const text = serializeLockfile(lockfile);
  ports.texts.set('repro.lock', text);
  const unequal = await repro(ports, 'lock', '--same-versions');
  t.is(unequal.exitCode, 1);
  t.regex(unequal.stderr, /^error: .*jq.* \[E_PLATFORM_VERSIONS\]\n/);
  t.is(ports.texts.get('repro.lock'), text);
  const { exitCode, stderr } = await repro(ports, 'lock');
  t.is(exitCode, 0, stderr);
  t.regex(stderr, /^warning: .*jq.* \[E_PLATFORM_VERSIONS\]\n/);
  const { platform } = await parse(ports.texts.get('repro.lock') ?? '');
  t.deepEqual(
    platform?.map(({ name, packages }) => [name, packages.map(({ arch, version }) => `${version} ${arch}`)]),
    [
      ['linux/amd64', ['2.10-5 amd64', '1.7.1-6 amd64']],
      ['linux/arm64', ['2.10-5 arm64', '1.7.1-5 arm64']],
    ],
  );
  const half = ports.memory.push(CACHE, await cacheImage(lockfile));
  const wrong = `${CACHE}@${half} has no image for linux/arm64 [E_WRONG_PLATFORM]
  hint: it has: linux/amd64; run repro update, or: repro generate, then docker buildx bake -f docker-bake.hcl pkg-cache --push, then repro lock
`;
  const failed = await repro(ports, 'lock');
  t.deepEqual([failed.exitCode, failed.stderr], [1, `error: ${wrong}`]);
  // While the base is being pinned, that is no failure.
  ports.texts.set('repro.lock', serializeLockfile({ ...lockfile, base: { image: BASE } }));
  t.true((await repro(ports, 'lock')).stderr.startsWith(`warning: ${wrong}next: repro generate\n`));
});

test('update: in which order, and what a failure at each step leaves', async (t) => {
  const { texts, memory, lockfile, ...rest } = await locked();
  const wanted = { ...lockfile, packages: ['git', 'hello', 'jq'] };
  texts.set('repro.lock', serializeLockfile(wanted));
  await repro({ ...rest, texts, memory }, 'generate');
  const before = [...texts];
  const steps: string[] = [];
  const ports = (bake: () => void | Promise<void>): Memory => ({
    ...rest,
    texts,
    memory,
    hint: (line) => steps.push(line),
    docker: {
      ...rest.docker,
      bake: async (args, folder) => {
        steps.push(`in ${folder}: ${args.join(' ')}`);
        await bake();
      },
    },
    files: {
      ...rest.files,
      write: async (path, text) => {
        steps.push(`write ${path}`);
        texts.set(path, text);
      },
    },
  });
  const collect = [
    'write docker-bake.hcl',
    'docker buildx bake -f docker-bake.hcl pkg-cache --push',
    'in .: -f docker-bake.hcl pkg-cache --push',
  ];
  const moved = memory.push(BASE, { layers: [await debian(), await debian()] });
  const based = { ...wanted, base: { ...wanted.base, digest: moved } };

  const failing: [what: string, bake: () => void | Promise<void>, stderr: RegExp][] = [
    [
      'the build',
      () => {
        throw new ReproError({ code: 'E_BUILD_FAILED', message: 'the build failed' });
      },
      /^error: the build failed \[E_BUILD_FAILED\]\n$/,
    ],
    [
      'the push went elsewhere',
      () => undefined,
      /^error: the package cache .* was collected for "hello jq" where .* and on ".*" where the lockfile has ".*" \[E_CACHE_STALE\]\n/,
    ],
    [
      'a list that a lockfile does not take',
      async () => {
        memory.push(CACHE, await cacheImage(based, inventory.replace('2.10-5', '2.10 5')));
      },
      /^error: `version` must be printable ASCII without spaces, not "2\.10 5" \[E_VALUE\]\n$/,
    ],
  ];
  for (const [what, bake, expected] of failing) {
    steps.length = 0;
    const { exitCode, stderr } = await repro(ports(bake), 'update', '--base');
    t.is(exitCode, 1, what);
    t.regex(stderr, expected, what);
    t.deepEqual(steps, [...collect, 'write docker-bake.hcl'], what);
    t.deepEqual([...texts], before, what);
  }

  steps.length = 0;
  const push = async () => {
    memory.push(CACHE, await cacheImage(based));
  };
  const { exitCode, stdout, stderr } = await repro(ports(push), 'update', '--base', '--json');
  t.is(exitCode, 0, stdout);
  t.is(stderr, '');
  t.like(JSON.parse(stdout), {
    file: 'repro.lock',
    bakeFile: 'docker-bake.hcl',
    changed: true,
    change: { base: { from: lockfile.base.digest, to: moved } },
    warnings: [],
    next: ['docker buildx bake -f docker-bake.hcl app'],
  });
  t.deepEqual(steps, [...collect, 'write repro.lock', 'write docker-bake.hcl']);
  t.is((await parse(texts.get('repro.lock') ?? '')).base.digest, moved);
});

test('update collects, pushes, locks, generates', async (t) => {
  const good = await locked();
  await repro(good, 'add', 'git');
  const wanted = await parse(good.texts.get('repro.lock') ?? '');
  good.memory.push(CACHE, await cacheImage(wanted));
  const { exitCode, stdout, stderr } = await repro(good, 'update');
  t.is(exitCode, 0, stderr);
  t.deepEqual(good.bakes, [['-f', 'docker-bake.hcl', 'pkg-cache', '--push']]);
  t.regex(stdout, /^wrote repro\.lock\n~ cache /);
  t.regex(good.texts.get('docker-bake.hcl') ?? '', /"pkg-cache" = "docker-image:/);
});
