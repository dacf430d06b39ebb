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
  const cases: [what: string, images: ImageParts[], args: string[], expected: RegExp | Partial<Lockfile>][] =
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
        /^error: debian:trixie-slim has no image for linux\/amd64 \[E_WRONG_PLATFORM\]\n {2}hint: it has: linux\/arm64\n$/,
      ],
      [
        'ONBUILD',
        [{ layers, config: { OnBuild: ['RUN x'] } }],
        [],
        /^error: debian:trixie-slim has ONBUILD instructions, .*"RUN x" \[E_ONBUILD\]/,
      ],
      [
        'no os-release',
        [{ layers: [gzipSync(await tarOf([{ name: 'a' }]))] }],
        [],
        /^error: debian:trixie-slim has no os-release file, so its distro is not known \[E_NO_OS_RELEASE\]\n {2}hint: say which it is: --distro /,
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
        [{ layers: [await debian('ID=plan9\n')] }],
        [],
        /^error: debian:trixie-slim is of a distro that is not supported: its os-release has ID "plan9" \[E_UNKNOWN_DISTRO\]\n {2}hint: known distros: /,
      ],
      [
        'a layer that is no tar',
        [{ layers: [gzipSync('nothing')] }],
        [],
        /\[E_BAD_IMAGE\]|\[E_NO_OS_RELEASE\]/,
      ],
      ['a user that a lockfile does not take', [{ layers, config: { User: 'a b' } }], [], /^error: .*user/],
      [
        'an unknown --distro',
        [{ layers }],
        ['--distro', 'plan9'],
        /^error: no support for the distro "plan9" \[E_UNKNOWN_DISTRO\]/,
      ],
      [
        'a bad package',
        [{ layers }],
        ['-p', 'a*'],
        /^error: "a\*" has a pattern or a task in it: name each package \[E_REQUEST\]/,
      ],
    ];
  for (const [what, images, args, expected] of cases) {
    const ports = memoryPorts();
    ports.memory.push(BASE, ...images);
    const { exitCode, stderr } = await repro(
      ports,
      'init',
      '--image',
      'registry.example/app:v1',
      '--base',
      'debian:trixie-slim',
      ...args,
    );
    if (expected instanceof RegExp) {
      t.is(exitCode, 1, what);
      t.regex(stderr, expected, what);
      t.false(ports.texts.has('repro.lock'), what);
    } else {
      t.is(exitCode, 0, `${what}: ${stderr}`);
      t.like(await parse(ports.texts.get('repro.lock') ?? ''), expected, what);
    }
  }
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
  const ports = memoryPorts({ 'repro.lock': example.replace('[base]', '# why\n[base]') });
  t.regex((await repro(ports, 'add', 'git')).stderr, /warning: .*comments.*\[E_COMMENTS\]/);
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
  const stale = await repro(ports, 'generate', '--locked');
  t.is(stale.exitCode, 1);
  t.regex(
    stale.stderr,
    /^error: the package cache was collected for another base, or for other packages, .*\[E_STALE\]\n {2}hint: run repro update/,
  );
  const loud = await repro(ports, 'generate');
  t.is(loud.exitCode, 0);
  t.regex(loud.stderr, /^warning: .*\[E_STALE\]/);
  ports.texts.delete('docker-bake.hcl');
  t.regex(
    (await repro(ports, 'generate', '--check')).stderr,
    /^error: there is no docker-bake\.hcl, which repro\.lock would give \[E_OUT_OF_DATE\]/,
  );
});

test("generate leaves a user's bake file alone, and names what clashes", async (t) => {
  const hcl = 'group "default" { targets = ["web"] }\ntarget "web" {}\ntarget "app" {}\n';
  const ports = memoryPorts({ 'repro.lock': example, 'docker-bake.hcl': hcl });
  const { exitCode, stderr } = await repro(ports, 'generate');
  t.is(exitCode, 1);
  t.is(
    stderr,
    'error: docker-bake.hcl was not written by repro and is left alone; it has names of ours: target "app", group "default" [E_NOT_OURS]\n  hint: choose another file: repro generate -o repro-bake.hcl\n',
  );
  t.is(ports.texts.get('docker-bake.hcl'), hcl);
  const json = memoryPorts({ 'repro.lock': example, 'docker-bake.json': '{"target":{"app":{},"web":{}}}' });
  t.regex(
    (await repro(json, 'generate')).stderr,
    /^warning: docker-bake\.json has names of ours, which bake merges where no -f is given: target "app" \[E_NAME_CLASH\]/,
  );
  const broken = memoryPorts({ 'repro.lock': example, 'docker-bake.hcl': 'app {{{' });
  t.regex(
    (await repro(broken, 'generate')).stderr,
    /^error: docker-bake\.hcl was not written by repro and is left alone \[E_NOT_OURS\]/,
  );
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
  const cases: [
    what: string,
    change: (ports: Awaited<ReturnType<typeof locked>>) => Promise<unknown> | unknown,
    code: number,
    stderr: RegExp,
    args?: string[],
  ][] = [
    [
      'the base moved',
      async ({ memory }) => memory.push(BASE, { layers: [await debian(), await debian()] }),
      0,
      /^warning: the base debian:trixie-slim is another image by now: sha256:\w{12}, where the lockfile has sha256:\w{12} \[E_BASE_MOVED\]\n {2}hint: to move to it: repro update --base\n/,
    ],
    [
      'the tag of the base is gone',
      ({ memory }) => memory.tags.delete(BASE),
      0,
      /^warning: the registry docker\.io has no tag debian:trixie-slim any more, the base is still there by its digest \[E_UNTAGGED\]/,
    ],
    [
      'the base is gone',
      ({ memory, lockfile }) => [
        memory.tags.delete(BASE),
        memory.manifests.delete(lockfile.base.digest ?? ''),
      ],
      1,
      /^error: the registry docker\.io has no base debian:trixie-slim any more, neither by its tag nor by its digest .*\[E_NO_SUCH_IMAGE\]/,
    ],
    [
      'the tag of the cache is gone',
      ({ memory }) => memory.tags.delete(CACHE),
      0,
      /^warning: .* has no tag .*pkg-cache any more, the package cache is still there by its digest \[E_UNTAGGED\]/,
    ],
    [
      'the cache is gone',
      ({ memory, lockfile }) => [
        memory.tags.delete(CACHE),
        memory.manifests.delete(lockfile.cache.digest ?? ''),
      ],
      1,
      /^error: the registry registry\.example has no package cache registry\.example\/team\/app:v1\.2\.3-pkg-cache \[E_NO_SUCH_IMAGE\]\n {2}hint: run repro update, or: repro generate, then docker buildx bake -f docker-bake\.hcl pkg-cache --push, then repro lock\n/,
    ],
    [
      'a cache for other packages',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage({ ...lockfile, packages: ['git'] })),
      1,
      /was collected for "git" where the lockfile has "hello jq" \[E_CACHE_STALE\]/,
    ],
    [
      'a cache with other settings',
      async ({ memory, lockfile }) => memory.push(CACHE, await cacheImage({ ...lockfile, recommends: true })),
      1,
      /was collected with other settings than those of the lockfile \[E_CACHE_STALE\]/,
    ],
    [
      'no cache of ours',
      async ({ memory, lockfile }) => memory.push(CACHE, { ...(await cacheImage(lockfile)), config: {} }),
      1,
      /is not a package cache that repro made: it has no label repro\.inputs \[E_NOT_A_CACHE\]/,
    ],
    [
      'a cache without a list',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, { ...(await cacheImage(lockfile)), layers: [await tarOf([{ name: 'x' }])] }),
      1,
      /its last layer has no "Packages" \[E_NOT_A_CACHE\]/,
    ],
    [
      'a list that is no list',
      async ({ memory, lockfile }) => memory.push(CACHE, await cacheImage(lockfile, 'Package: hello\n')),
      1,
      /\[E_INVENTORY\]/,
    ],
    [
      'a list with a name that no package has',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage(lockfile, inventory.replace('hello', '$(id)'))),
      1,
      /^error: "\$\(id\)" is no Debian package name/,
    ],
    [
      'a list with a size that is none',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage(lockfile, inventory.replace('53228', 'x'))),
      1,
      /^error: /,
    ],
    [
      'the registry is down',
      ({ memory }) => {
        memory.failure = new ReproError({ code: 'E_REGISTRY_UNREACHABLE', message: "can't reach it" });
      },
      1,
      /^error: can't reach it \[E_REGISTRY_UNREACHABLE\]\n$/,
    ],
    [
      'a new cache, under --check',
      async ({ memory, lockfile }) =>
        memory.push(CACHE, await cacheImage(lockfile, inventory.replace('1.7.1-6', '1.7.1-7'))),
      1,
      /^error: repro\.lock is not what the registry has: the package cache, the packages for linux\/amd64 \[E_LOCK_STALE\]\n {2}hint: run repro lock and look at the difference\n/,
      ['--check'],
    ],
  ];
  for (const [what, change, code, expected, args = []] of cases) {
    const ports = await locked();
    await change(ports);
    const before = ports.texts.get('repro.lock');
    const { exitCode, stderr } = await repro(ports, 'lock', ...args);
    t.is(exitCode, code, `${what}: ${stderr}`);
    t.regex(stderr, expected, what);
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

test('update: collect, push, lock, generate; a failure leaves all as it was', async (t) => {
  const good = await locked();
  await repro(good, 'add', 'git');
  const wanted = await parse(good.texts.get('repro.lock') ?? '');
  good.memory.push(CACHE, await cacheImage(wanted));
  const { exitCode, stdout, stderr } = await repro(good, 'update');
  t.is(exitCode, 0, stderr);
  t.deepEqual(good.bakes, [['-f', 'docker-bake.hcl', 'pkg-cache', '--push']]);
  t.regex(stdout, /^wrote repro\.lock\n~ cache /);
  t.regex(good.texts.get('docker-bake.hcl') ?? '', /"pkg-cache" = "docker-image:/);

  const { lockfile, ...kept } = await locked();
  const bad: Memory = {
    ...kept,
    docker: {
      bake: async () => {
        throw new ReproError({ code: 'E_BUILD_FAILED', message: 'the build failed' });
      },
    },
  };
  await repro(bad, 'generate');
  const before = [...bad.texts];
  bad.memory.push(BASE, { layers: [await debian(), await debian()] });
  const failed = await repro(bad, 'update', '--base');
  t.is(failed.exitCode, 1);
  t.is(failed.stderr, 'error: the build failed [E_BUILD_FAILED]\n');
  t.deepEqual([...bad.texts], before);
  t.truthy(lockfile);
});
