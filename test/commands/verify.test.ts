import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { askUpstream } from '../../src/commands/upstream.ts';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { ReproError } from '../../src/errors.ts';
import { now } from '../../src/io/clock.ts';
import { cacheInputs, parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Digest, Lockfile, Package } from '../../src/model.ts';
import { run } from '../../src/run.ts';
import { debian, type Entry, type ImageParts, type Memory, memoryPorts, tarOf } from '../helpers/ports.ts';

/* `verify` on images in memory: what is pushed is the truth with one thing changed, and the lockfile stays. */

const paint = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };
const repro = (ports: Memory, ...args: string[]) => run(args, ports, paint);
const example = readFileSync('repro.lock.example', 'utf8');
const parse = (text: string) => parseLockfile(text, 'repro.lock', { familyOf, knownDistros });
const CACHE = 'registry.example/team/app:v1.2.3-pkg-cache';
const BASE = 'docker.io/library/debian:trixie-slim';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const sha = (text: string) => createHash('sha256').update(text).digest('hex');

interface Parts {
  /** Names and contents of the package files. */
  files: Record<string, string>;
  inventory: string;
  labels: Record<string, string | undefined>;
  /** Entries of a layer of their own, below the last. */
  more: Entry[];
  layers(layers: Buffer[]): Buffer[];
}

const HELLO = 'hello_2.10-5_amd64.deb';
const JQ = 'jq_1%3a1.7.1-6_all.deb';

function packageOf(file: string, content: string): Package {
  const [name = '', version = '', arch = ''] = file.replace('.deb', '').replaceAll('%3a', ':').split('_');
  return { name, version, arch, sha256: sha(content), size: content.length };
}

const inventoryOf = (packages: Package[]) =>
  packages
    .map(
      ({ name, version, arch, sha256, size }) =>
        `Package: ${name}\nVersion: ${version}\nArchitecture: ${arch}\nSize: ${size}\nSHA256: ${sha256}\n`,
    )
    .join('\n');

const truth = (arch: string): Record<string, string> => ({
  [HELLO.replace('amd64', arch)]: `hello for ${arch}`,
  [JQ.replace('amd64', arch)]: 'jq',
});

async function image(lockfile: Lockfile, arch: string, change: Partial<Parts> = {}): Promise<ImageParts> {
  const files = change.files ?? truth(arch);
  const packages = Object.entries(truth(arch)).map(([file, content]) => packageOf(file, content));
  const entries = Object.entries(files).map(([name, text]) => ({ name, text }));
  const layers = [
    gzipSync(await tarOf(entries.slice(0, 1))),
    await tarOf([{ name: './', type: 'directory' }, ...entries.slice(1), ...(change.more ?? [])]),
    await tarOf([{ name: 'Packages', text: change.inventory ?? inventoryOf(packages) }]),
  ];
  const labels: Record<string, string | undefined> = {
    'repro.inputs': cacheInputs(lockfile),
    'repro.packages': lockfile.packages.join(' '),
    'repro.base': `docker.io/library/debian@${lockfile.base.digest}`,
    ...change.labels,
  };
  const given = Object.entries(labels).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    layers: change.layers?.(layers) ?? layers,
    config: { Labels: Object.fromEntries(given) },
    architecture: arch,
  };
}

interface World extends Memory {
  lockfile: Lockfile;
  digest: Digest;
}

/** A lockfile for two platforms, whose cache is as `change` has it for amd64. */
async function world(
  change: Partial<Parts> = {},
  images: (truth: ImageParts[]) => ImageParts[] = (all) => all,
  edit: (lockfile: Lockfile) => Lockfile = (lockfile) => lockfile,
): Promise<World> {
  const ports = memoryPorts();
  const layers = [await debian()];
  const user = { User: 'app' };
  const created = '2026-11-10T00:00:00Z';
  const base = ports.memory.push(
    BASE,
    { layers, config: user, created },
    { layers, config: user, created, architecture: 'arm64' },
  );
  const intent = await parse(example);
  const lockfile: Lockfile = {
    ...intent,
    platforms: ['linux/amd64', 'linux/arm64'],
    base: { image: BASE, digest: base, release: '13', created, user: 'app' },
    platform: ['amd64', 'arm64'].map((arch) => ({
      name: `linux/${arch}`,
      packages: Object.entries(truth(arch)).map(([file, content]) => packageOf(file, content)),
    })),
  };
  const parts = [await image(lockfile, 'amd64', change), await image(lockfile, 'arm64')];
  const digest = ports.memory.push(CACHE, ...images(parts));
  const inputs = cacheInputs(lockfile);
  const locked = edit({ ...lockfile, cache: { image: CACHE, digest, ...(inputs && { inputs }) } });
  ports.texts.set('repro.lock', serializeLockfile(locked));
  return { ...ports, lockfile: locked, digest };
}

test('verify says what it has proved, and reads what platforms share once', async (t) => {
  const ports = await world();
  const { exitCode, stdout, stderr } = await repro(ports, 'verify');
  t.is(exitCode, 0, stderr);
  const base = ports.lockfile.base.digest?.slice(0, 19);
  const blobs = ports.memory.asked.filter((line) => /^GET registry.example\/team\/app sha256/.test(line));
  t.is(blobs.length, 2 + 5, 'two configurations, and the layers: jq is the same for both platforms');
  t.is(new Set(blobs).size, blobs.length);
  t.is(stderr, '');
  t.is(
    stdout.replace(/\d+ bytes\n$/, 'N bytes\n'),
    `repro.lock is proved
  base      ${BASE} ${base} is in its registry
  cache     ${CACHE} ${ports.digest.slice(0, 19)} is in its registry, collected for these packages on this base
  packages  linux/amd64: 2 (17 bytes), each with the locked SHA-256, and nothing else
  packages  linux/arm64: 2 (17 bytes), each with the locked SHA-256, and nothing else
  read      5 layers, N bytes
`,
  );
  const json = JSON.parse((await repro(ports, 'verify', '--json')).stdout);
  t.deepEqual(Object.keys(json), ['file', 'base', 'cache', 'platforms', 'warnings', 'next']);
  t.deepEqual(json.platforms, [
    { name: 'linux/amd64', packages: 2, bytes: 17 },
    { name: 'linux/arm64', packages: 2, bytes: 17 },
  ]);
});

const WHERE = `${CACHE} for linux/amd64`;
const HINT =
  '  hint: the locked digest stands for just these bytes, so the package lines are wrong: take the lockfile from version control again, or run repro update\n';
const bytes = (text: string) => `sha256 ${sha(text)}, ${text.length} bytes`;
const line = (file: string, content: string) => {
  const { name, version, arch, sha256 } = packageOf(file, content);
  return `"${name} ${version} ${arch} ${sha256.slice(0, 12)}"`;
};
const other = (files: Record<string, string>) =>
  inventoryOf(Object.entries(files).map(([file, content]) => packageOf(file, content)));

test('verify names what is wrong in a cache', async (t) => {
  const all = truth('amd64');
  const cases: Record<string, [change: Partial<Parts>, expected: string]> = {
    'a flipped byte': [
      { files: { ...all, [HELLO]: 'hellO for amd64' } },
      `error: ${WHERE} has another "${HELLO}": ${bytes('hellO for amd64')}, where the lockfile has ${bytes('hello for amd64')} [E_CACHE_CHANGED]\n${HINT}`,
    ],
    'a missing file': [
      { files: { [HELLO]: 'hello for amd64' } },
      `error: ${WHERE} has no "${JQ}", which the lockfile lists [E_CACHE_MISSING]\n${HINT}`,
    ],
    'an extra file, and a name that is none': [
      {
        more: [
          { name: 'sl_5.02-1_amd64.deb', text: 'sl' },
          { name: 'a/\u001b[31m\u202e', text: '' },
        ],
      },
      `error: ${WHERE} has a file that the lockfile does not list: "sl_5.02-1_amd64.deb" [E_CACHE_EXTRA]
error: ${WHERE} has a file that the lockfile does not list: "a/\\u{1b}[31m\\u{202e}" [E_CACHE_EXTRA]\n${HINT}`,
    ],
    'a locked file in a folder is another one': [
      { files: { [`x/${HELLO}`]: 'hello for amd64', [JQ]: 'jq' } },
      `error: ${WHERE} has a file that the lockfile does not list: "x/${HELLO}" [E_CACHE_EXTRA]
error: ${WHERE} has no "${HELLO}", which the lockfile lists [E_CACHE_MISSING]\n${HINT}`,
    ],
    'the same file twice': [
      { more: [{ name: `./${HELLO}`, text: 'hello for amd64' }] },
      `error: ${WHERE} has a file twice: "${HELLO}" [E_CACHE_EXTRA]\n${HINT}`,
    ],
    'all that is no file': [
      {
        more: [
          { name: 'a', linkname: '/etc/passwd' },
          { name: 'b', linkname: HELLO, type: 'link' },
          { name: '.wh.hello', text: '' },
          { name: 'd/.wh..wh..opq', text: '' },
          { name: 'e/', type: 'directory' },
          { name: 'f', type: 'character-device' },
          { name: 'g', type: 'fifo' },
          { name: 'h', type: 'contiguous-file' },
          { name: JQ, text: 'jq', pax: { 'GNU.sparse.realsize': '9' } },
        ],
      },
      `${[
        ['a', 'symbolic link'],
        ['b', 'hard link'],
        ['.wh.hello', 'whiteout'],
        ['d/.wh..wh..opq', 'whiteout'],
        ['e', 'folder'],
        ['f', 'device'],
        ['g', 'pipe'],
        ['h', 'odd entry'],
        [JQ, 'odd entry'],
      ]
        .map(([name, kind]) => `error: ${WHERE} has what is no file: "${name}" (${kind}) [E_CACHE_ENTRY]\n`)
        .join('')}${HINT}`,
    ],
    'a wrong label, and one that is not there': [
      { labels: { 'repro.inputs': DIGEST, 'repro.packages': undefined } },
      `error: the package cache for linux/amd64 does not fit the lockfile: its label repro.inputs should be "INPUTS", and there is "${DIGEST}" [E_CACHE_LABEL]
error: the package cache for linux/amd64 does not fit the lockfile: its label repro.packages should be "hello jq", and there is no such label [E_CACHE_LABEL]\n`,
    ],
    "another base's name and another order of the words are right": [
      { labels: { 'repro.base': 'mirror.example/debian@BASE', 'repro.packages': 'jq hello' } },
      '',
    ],
    "another's inventory": [
      { inventory: other({ [HELLO]: 'hello for amd64', [JQ]: 'JQ', 'sl_5.02-1_amd64.deb': 'sl' }) },
      `error: ${WHERE} has a list of packages that is not the lockfile's: ${line(JQ, 'jq')} only in the lockfile; ${line(JQ, 'JQ')} only in the list; ${line('sl_5.02-1_amd64.deb', 'sl')} only in the list [E_CACHE_INVENTORY]\n${HINT}`,
    ],
    'an inventory that can not be read': [
      { inventory: 'Package: hello\n' },
      `error: the package list of the cache image has a package without Version: "Package: hello" [E_INVENTORY]\n${HINT}`,
    ],
    'no inventory in the last layer': [
      { layers: ([first, second, last]) => [last, first, second] as Buffer[] },
      `error: ${WHERE} has a file that the lockfile does not list: "Packages" [E_CACHE_EXTRA]
error: ${WHERE} has no list of packages "Packages" in its last layer [E_CACHE_INVENTORY]\n${HINT}`,
    ],
    'a layer that is no archive: what is missing is not known': [
      { layers: ([, second, last]) => [Buffer.alloc(2000, 1), second, last] as Buffer[] },
      `error: the layer LAYER of ${CACHE}@CACHE can't be read, it is no tar archive [E_BAD_IMAGE]\n`,
    ],
    'a layer that is cut': [
      { layers: ([first, ...rest]) => [first?.subarray(0, 60), ...rest] as Buffer[] },
      `error: the layer LAYER of ${CACHE}@CACHE can't be read, it ends too early [E_BAD_IMAGE]\n`,
    ],
  };
  for (const [what, [change, expected]] of Object.entries(cases)) {
    const { 'repro.base': label = '', ...labels } = change.labels ?? {};
    const truth = await world();
    const base = truth.lockfile.base.digest ?? '';
    const given = label === '' ? labels : { ...labels, 'repro.base': label.replace('BASE', base) };
    const ports = await world({ ...change, labels: given });
    const { exitCode, stderr } = await repro(ports, 'verify');
    const shown = stderr
      .replaceAll(ports.digest, 'CACHE')
      .replaceAll(cacheInputs(ports.lockfile) ?? '?', 'INPUTS')
      .replace(/(?<=layer )sha256:\w{64}/, 'LAYER');
    t.is(shown, expected, what);
    t.is(exitCode, expected === '' ? 0 : 1, what);
  }
});

test('verify: platforms, pins, and what is gone', async (t) => {
  const missing = await world({}, ([first]) => [first as ImageParts]);
  t.is(
    (await repro(missing, 'verify')).stderr,
    `error: ${CACHE}@${missing.digest} has no image for linux/arm64 [E_WRONG_PLATFORM]\n  hint: it has: linux/amd64\n`,
  );

  const more = await world({}, ([first, second]) => [
    first as ImageParts,
    second as ImageParts,
    { ...(second as ImageParts), architecture: 's390x' },
    { ...(first as ImageParts), config: {} },
  ]);
  t.regex(
    (await repro(more, 'verify')).stderr,
    new RegExp(
      `^error: ${CACHE}@${more.digest} has an image that the lockfile does not know: sha256:\\w{12}, for "linux/s390x" \\[E_CACHE_PLATFORM\\]
error: ${CACHE}@${more.digest} has an image that the lockfile does not know: sha256:\\w{12}, for "linux/amd64" \\[E_CACHE_PLATFORM\\]\n$`,
    ),
  );

  const edited = await world({}, undefined, (lockfile) => ({
    ...lockfile,
    packages: [...lockfile.packages, 'sl'],
    base: {
      image: BASE,
      digest: lockfile.base.digest as Digest,
      release: '12',
      user: 'root',
      created: '2026-11-10T00:00:00Z',
    },
  }));
  const { stderr } = await repro(edited, 'verify');
  t.deepEqual(stderr.match(/E_[A-Z_]+/g), [
    'E_STALE',
    'E_BASE_FACTS',
    'E_BASE_FACTS',
    'E_CACHE_LABEL',
    'E_CACHE_LABEL',
  ]);
  t.regex(
    stderr,
    /error: the base debian:trixie-slim@sha256:\w{64} has "app" for `base.user`, and the lockfile "root" \[E_BASE_FACTS\]/,
  );
  t.regex(stderr, /has "13" for `base.release`, and the lockfile "12"/);

  const gone = await world();
  gone.memory.tags.clear();
  gone.memory.manifests.clear();
  t.is(
    (await repro(gone, 'verify')).stderr,
    `error: the registry docker.io has no base debian:trixie-slim any more, neither by its tag nor by its digest ${gone.lockfile.base.digest?.slice(0, 19)} [E_NO_SUCH_IMAGE]
  hint: push it again, or name another at \`base.image\` and take \`base.digest\` out
error: the registry registry.example has no package cache ${CACHE} with the digest ${gone.digest.slice(0, 19)} any more [E_NO_SUCH_IMAGE]
  hint: where the distro still has the packages, collect them again: repro update
`,
  );

  const unpinned = await world({}, undefined, ({ platform: _, cache: { image }, ...lockfile }) => ({
    ...lockfile,
    cache: { image },
  }));
  const nothing = await repro(unpinned, 'verify');
  t.is(nothing.exitCode, 1);
  t.regex(nothing.stderr, /is not pinned yet \[E_NOT_LOCKED\]/);
  t.deepEqual(unpinned.memory.asked, []);
});

test('a cache that no tag holds: a warning, and --keep', async (t) => {
  const ports = await world();
  ports.memory.push(CACHE, { layers: [] });
  const tag = `registry.example/team/app:pkg-cache-${ports.digest.replace(':', '-')}`;
  const warned = await repro(ports, 'verify');
  t.is(warned.exitCode, 0);
  t.is(
    warned.stderr,
    `warning: no tag that is known here leads to the package cache ${CACHE} as it is locked, ${ports.digest.slice(0, 19)}: its registry may take it away [E_UNTAGGED]
  hint: give it a tag of its own: repro verify --keep
`,
  );
  const kept = await repro(ports, 'verify', '--keep');
  t.is(kept.stderr, '');
  t.regex(kept.stdout, new RegExp(`^  kept      ${tag}$`, 'm'));
  t.is(ports.memory.tags.get(tag), ports.digest);
  ports.memory.asked.length = 0;
  t.is((await repro(ports, 'verify', '--keep')).stderr, '');
  t.is((await repro(ports, 'verify')).stderr, '');
  t.false(
    ports.memory.asked.some((line) => line.startsWith('PUT')),
    'it is there already',
  );
  ports.memory.tags.delete(CACHE);
  const locked = await repro(ports, 'lock', '--keep');
  t.is(locked.stdout, `repro.lock is up to date\nkept as ${tag}\n`);

  ports.memory.push(tag, { layers: [] });
  const taken = await repro(ports, 'verify', '--keep');
  t.is(taken.exitCode, 1);
  t.is(
    taken.stderr,
    `error: ${tag} is another image than its tag says: ${ports.memory.tags.get(tag)} [E_TAG_TAKEN]
  hint: somebody moved it: find out who, and delete the tag in registry.example/team/app
`,
  );
  const check = await repro(ports, 'lock', '--check', '--keep');
  t.is(check.exitCode, 2);

  // Nothing is kept that is not proved, and nothing is locked that can't be kept.
  const bad = await world({ files: {} });
  t.is((await repro(bad, 'verify', '--keep')).exitCode, 1);
  t.false([...bad.memory.tags.keys()].some((name) => name.includes('sha256-')));
});

test('a layer whose bytes are not what its digest says keeps no other from being read', async (t) => {
  const ports = await world({ files: { ...truth('amd64'), [JQ]: 'JQ' } });
  const { stream } = ports.registry;
  let opened = 0;
  ports.registry.stream = async (reference, blob, label, total) => {
    const whole = await stream(reference, blob, label);
    if (label !== 'reading the package cache') return whole;
    t.true((total ?? 0) > blob.size);
    if (opened++ > 0) return whole;
    const error = new ReproError({ code: 'E_DIGEST_MISMATCH', message: 'other bytes' });
    return Readable.from(
      (async function* () {
        yield* whole;
        throw error;
      })(),
    );
  };
  const { exitCode, stderr } = await repro(ports, 'verify');
  t.is(exitCode, 1);
  t.is(
    stderr,
    `error: other bytes [E_DIGEST_MISMATCH]
error: ${WHERE} has another "${JQ}": ${bytes('JQ')}, where the lockfile has ${bytes('jq')} [E_CACHE_CHANGED]\n${HINT}`,
  );
});

test('the network is no fault of a layer', async (t) => {
  const ports = await world();
  ports.memory.failure = new ReproError({ code: 'E_REGISTRY_UNREACHABLE', message: 'no way there' });
  const { exitCode, stderr } = await repro(ports, 'verify');
  t.is(exitCode, 1);
  t.is(
    stderr,
    'error: no way there [E_REGISTRY_UNREACHABLE]\nerror: no way there [E_REGISTRY_UNREACHABLE]\n',
  );
});

test('--rebuild: how far an image is the same, and what is not', async (t) => {
  const base = [{ name: 'etc/', type: 'directory' as const }];
  const files: Entry[] = [
    ...base,
    { name: 'etc/bytes', text: 'a' },
    { name: 'etc/gone', text: '' },
    { name: 'etc/kind', text: '' },
    { name: 'etc/link', linkname: 'a' },
    { name: 'etc/meta', text: '', mode: 0o644, uid: 0, time: 5 },
  ];
  const others: Entry[] = [
    ...base,
    { name: 'etc/bytes', text: 'b' },
    { name: 'etc/kind', linkname: 'x' },
    { name: 'etc/link', linkname: 'b c' },
    { name: 'etc/meta', text: '', mode: 0o4600, uid: 7, time: 6 },
    { name: 'etc/new', text: '', pax: { 'SCHILY.xattr.user.a': 'b' } },
  ];
  const app = async (
    entries: Entry[],
    pack: (tar: Buffer) => Buffer,
    more: object = {},
  ): Promise<ImageParts> => {
    const tars = [await tarOf(base), await tarOf(entries)];
    return {
      layers: tars.map(pack),
      diffIds: tars.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`),
      ...more,
    };
  };
  const plain = (tar: Buffer) => tar;
  const where = 'the rebuilt app for linux/amd64';
  const sums = ['a', 'b'].map((text) => `1 bytes, sha256 ${sha(text)}`).join(' -> ');
  const cases: Record<string, [ImageParts, expected: string]> = {
    'the same': [await app(files, plain), 'is the same to the last byte'],
    'packed in another way': [
      await app(files, (tar) => gzipSync(tar)),
      'is the same image; its layers are packed in another way',
    ],
    'with another history': [
      await app(files, plain, { created: '2026-01-01T00:00:00Z' }),
      'has the same files and settings; what it says of its build is another',
    ],
    'with other files': [
      await app(others, (tar) => gzipSync(tar)),
      [
        `"etc/bytes": bytes: ${sums}`,
        '"etc/gone": not in the rebuilt image',
        '"etc/kind": a file -> a symbolic link',
        '"etc/link": target: a -> "b c"',
        '"etc/meta": mode: 0644 -> 4600; owner: 0:0 -> 7:0; time: 5 -> 6',
        '"etc/new": only in the rebuilt image',
      ]
        .map((line) => `error: ${where}, layer 2 of 2: ${line} [E_REBUILT_FILE]\n`)
        .join(''),
    ],
    'with other settings, and in another order': [
      await app([...files].reverse(), plain, { config: { User: 'app', Labels: { 'a.b': 'c' } } }),
      `error: ${where} has another configuration: "config" [E_REBUILT_CONFIG]
error: ${where}, layer 2 of 2: the same files in another archive [E_REBUILT_FILE]\n`,
    ],
    'with a layer less, and many files': [
      {
        layers: [await tarOf(Array.from({ length: 60 }, (_, index) => ({ name: `f${index + 10}` })))],
        diffIds: [DIGEST],
      },
      `error: ${where}, layer 1 of 2: "etc": not in the rebuilt image [E_REBUILT_FILE]\n`,
    ],
  };
  for (const [what, [again, expected]] of Object.entries(cases)) {
    const ports = await world();
    await single(ports);
    ports.memory.push('registry.example/team/app:v1.2.3', await app(files, plain));
    const digest = ports.memory.push('registry.example/rebuilt:1', again);
    const seen: unknown[] = [];
    let removed = 0;
    ports.docker.rebuild = async (target, bakeFile, output, folder) => {
      seen.push([target, /target "(\w+)"/.exec(bakeFile)?.[1], output, folder]);
      return {
        image: ports.memory.port,
        digest,
        remove: async () => {
          removed++;
        },
      };
    };
    const { exitCode, stdout, stderr } = await repro(ports, 'verify', '--rebuild');
    t.deepEqual(seen, [['app', 'app', ',oci-mediatypes=true', '.']], what);
    t.is(removed, 1, what);
    t.deepEqual(ports.hints, ['docker buildx bake -f - --no-cache app']);
    if (expected.startsWith('error')) {
      t.is(exitCode, 1, what);
      t.true(stderr.startsWith(expected), stderr);
      t.regex(
        stderr,
        /\n {2}hint: a step of the Dockerfile .* is not the same each time, .*: see docs\/verify.md\n$/,
      );
    } else {
      t.is(exitCode, 0, stderr);
      t.regex(
        stdout,
        new RegExp(
          `^  rebuilt   app from scratch: registry.example/team/app:v1.2.3 sha256:\\w{12} ${expected}$`,
          'm',
        ),
      );
    }
    if (what.startsWith('with a layer less')) t.regex(stderr, /layer 1 of 2: and 11 files more/);
  }
});

/** The cache again, as a single image. */
async function single(ports: World): Promise<void> {
  const { platforms: _, ...lockfile } = ports.lockfile;
  const one: Lockfile = {
    ...lockfile,
    platforms: ['linux/amd64'],
    platform: lockfile.platform?.slice(0, 1) ?? [],
  };
  const digest = ports.memory.push(CACHE, await image(one, 'amd64'));
  const inputs = cacheInputs(one);
  ports.texts.set(
    'repro.lock',
    serializeLockfile({ ...one, cache: { image: CACHE, digest, ...(inputs && { inputs }) } }),
  );
}

test('--rebuild: what there is nothing to compare with', async (t) => {
  const ports = await world();
  await single(ports);
  const app = await repro(ports, 'verify', '--rebuild', 'app');
  t.is(
    app.stderr,
    `error: the registry registry.example has no image registry.example/team/app:v1.2.3 that the rebuilt one could be compared with [E_NO_SUCH_IMAGE]
  hint: push it first: docker buildx bake -f docker-bake.hcl app --push
`,
  );
  ports.docker.rebuild = async () => {
    throw new ReproError({ code: 'E_BUILD_FAILED', message: 'the build failed' });
  };
  const cache = await repro(ports, 'verify', '--rebuild', 'pkg-cache');
  t.is(
    cache.stderr,
    `error: the build failed [E_BUILD_FAILED]
  hint: the distro's mirror may have other packages by now: then only the kept cache has the locked ones
`,
  );
  t.is((await repro(ports, 'verify', '--rebuild', 'base')).exitCode, 2);
});

test('--statement: what was proved, for a signer', async (t) => {
  const ports = await world();
  await single(ports);
  const { exitCode, stdout, stderr } = await repro(ports, 'verify', '--statement', 'proof.json');
  t.is(exitCode, 0, stderr);
  t.regex(stdout, /^ {2}statement proof.json$/m);
  const text = ports.texts.get('proof.json') ?? '';
  const lock = ports.texts.get('repro.lock') ?? '';
  const digest = /digest = "sha256:(\w+)"\ninputs/.exec(lock)?.[1];
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'registry.example/team/app', digest: { sha256: digest } }],
    predicateType: 'https://slsa.dev/verification_summary/v1',
    predicate: {
      verifier: { id: `pkg:generic/repro@${version}`, version: { repro: version } },
      timeVerified: '2027-01-15T08:00:00Z',
      resourceUri: 'pkg:oci/app?repository_url=registry.example%2Fteam%2Fapp&tag=v1.2.3',
      policy: { uri: 'file:repro.lock', digest: { sha256: sha(lock) } },
      verificationResult: 'PASSED',
      verifiedLevels: ['REPRO_PACKAGES_LOCKED'],
      dependencyLevels: { REPRO_PACKAGES_LOCKED: 2 },
    },
  };
  t.is(text, `${JSON.stringify(statement, undefined, 2)}\n`);

  const app = ports.memory.push('registry.example/team/app:v1.2.3', { layers: [], diffIds: [] });
  ports.docker.rebuild = async () => ({ image: ports.memory.port, digest: app, remove: async () => {} });
  const args = ['--rebuild', '--statement', 'proof.json', '--verifier', 'https://ci.example/release'];
  t.is((await repro(ports, 'verify', ...args)).exitCode, 0);
  const { subject, predicate } = JSON.parse(ports.texts.get('proof.json') ?? '');
  t.deepEqual(subject, [
    { name: 'registry.example/team/app', digest: { sha256: app.slice(7) } },
    ...statement.subject,
  ]);
  t.is(predicate.verifier.id, 'https://ci.example/release');
  t.deepEqual(predicate.verifiedLevels, ['REPRO_PACKAGES_LOCKED', 'REPRO_APP_REBUILT_MANIFEST']);

  // What is not proved is not stated.
  ports.texts.delete('proof.json');
  ports.memory.manifests.delete(`sha256:${digest}`);
  t.is((await repro(ports, 'verify', '--statement', 'proof.json')).exitCode, 1);
  t.false(ports.texts.has('proof.json'));
  t.is((await repro(ports, 'verify', '--verifier', 'https://ci.example')).exitCode, 2);
  t.throws(() => now({ SOURCE_DATE_EPOCH: 'today' }), {
    instanceOf: ReproError,
    message: 'SOURCE_DATE_EPOCH is "today", which is no number of seconds since 1970',
  });
  t.is(now({ SOURCE_DATE_EPOCH: '5' }), 5);
  t.true(now({}) > 1_700_000_000);
});

test('--upstream: what the distro has today, and what it does not say', async (t) => {
  const hello = `${sha('hello for amd64')}\thello\t2.10-5\tamd64\n`;
  const jq = `${sha('jq')}\tjq\t1:1.7.1-6\tall\n`;
  const older = `${sha('jq')}\tjq\t1.6-1\tall\n`;
  const line = (count: number) =>
    `  upstream  linux/amd64: the distro has ${count} of 2 today, each with the locked SHA-256`;
  const gone = (count: number, names: string) =>
    `warning: ${count} of the packages for linux/amd64 are not what the distro has today, so it does not say anything of them: ${names} [E_UPSTREAM_GONE]\n`;
  const cases: Record<string, [answer: string, expected: string, warnings: string]> = {
    all: [hello + older + jq, line(2), ''],
    'one is gone, whatever has its hash': [hello + older, line(1), gone(1, '"jq 1:1.7.1-6 all"')],
    'all are gone': ['', line(0), gone(2, '"hello 2.10-5 amd64", "jq 1:1.7.1-6 all"')],
    'another file': [
      hello.replace(/^\w/, 'x') + hello.replace(/^\w+/, DIGEST.slice(7)) + jq,
      '',
      `error: the distro has another "hello 2.10-5 amd64" for linux/amd64 than the lockfile: sha256 "${hello.replace(/^\w/, 'x').slice(0, 64)}" or ${DIGEST.slice(7)}, where the lockfile has ${sha('hello for amd64')} [E_UPSTREAM_CHANGED]
  hint: find out where the locked file is from; to collect the packages anew: repro update
`,
    ],
  };
  for (const [what, [answer, expected, notes]] of Object.entries(cases)) {
    const ports = await world();
    await single(ports);
    const layer = await tarOf([{ name: 'upstream', text: answer }]);
    const digest = ports.memory.push('registry.example/rebuilt:1', { layers: [layer] });
    let asked = '';
    ports.docker.rebuild = async (target, bakeFile) => {
      asked = `${target} ${bakeFile}`;
      return { image: ports.memory.port, digest, remove: async () => {} };
    };
    const { exitCode, stdout, stderr } = await repro(
      ports,
      'verify',
      '--upstream',
      '--statement',
      'proof.json',
    );
    t.is(stderr, notes, what);
    t.is(exitCode, expected === '' ? 1 : 0);
    t.regex(
      asked,
      /^upstream [\s\S]*target "upstream" \{[\s\S]*docker-image:\/\/docker.io\/library\/debian@sha256:[\s\S]*\nhello\njq\nNAMES\n/,
    );
    if (expected === '') continue;
    t.true(stdout.includes(`${expected}\n`), stdout);
    const levels: string[] = JSON.parse(ports.texts.get('proof.json') ?? '').predicate.verifiedLevels;
    t.is(levels.includes('REPRO_UPSTREAM_CONFIRMED'), notes === '', what);
  }
});

test('--upstream: packages that are signed themselves are collected again', async (t) => {
  const text = readFileSync('test/fixtures/lockfiles/arch.lock', 'utf8');
  const lockfile = await parse(text);
  const ports = memoryPorts();
  const stanza = (name: string, version: string, arch: string, sha256: string) =>
    `pkgname = ${name}\npkgver = ${version}\narch = ${arch}\nfilesize = 1\nsha256sum = ${sha256}\n\n`;
  const packages = lockfile.platform?.[0]?.packages ?? [];
  const today = packages
    .slice(1)
    .map(({ name, version, arch, sha256 }) => stanza(name, version, arch, sha256));
  const layer = await tarOf([{ name: 'INVENTORY', text: today.join('') }]);
  const digest = ports.memory.push('registry.example/rebuilt:1', { layers: [layer] });
  let target = '';
  ports.docker.rebuild = async (asked) => {
    target = asked;
    return { image: ports.memory.port, digest, remove: async () => {} };
  };
  const { upstream, warnings } = await askUpstream(lockfile, 'repro.lock', ports);
  t.is(target, 'pkg-cache');
  t.deepEqual(
    upstream.map(({ confirmed, gone }) => [confirmed, gone.length]),
    [[packages.length - 1, 1]],
  );
  t.deepEqual(
    warnings.map(({ code }) => code),
    ['E_UPSTREAM_GONE'],
  );

  ports.texts.set(
    'Dockerfile',
    'FROM a AS base\nFROM base AS pkg-cache-local\nFROM scratch AS pkg-cache\nFROM base\n',
  );
  const own = { ...lockfile, build: { dockerfile: 'Dockerfile' } };
  await t.throwsAsync(askUpstream(own, 'repro.lock', ports), {
    message:
      'the Dockerfile collects the packages by itself, and verify --upstream can\'t ask "arch" for their hashes yet',
  });
});

test('a Dockerfile that collects by itself: other names, and other files', async (t) => {
  const dockerfile = 'FROM a AS base\nFROM base AS pkg-cache-local\nFROM scratch AS pkg-cache\nFROM base\n';
  const build = { dockerfile: 'Dockerfile' };
  const own = async (files: Record<string, string>, more: Entry[] = []) => {
    const ports = await world({ files, more }, undefined, (lockfile) => ({ ...lockfile, build }));
    ports.texts.set('Dockerfile', dockerfile);
    return repro(ports, 'verify');
  };
  const moved = { 'archives/a.deb': 'hello for amd64', 'archives/b.deb': 'jq' };
  t.deepEqual([(await own(moved)).exitCode, (await own(moved)).stderr], [0, '']);
  const { exitCode, stderr } = await own({ ...moved, lists: '' }, [{ name: 'link', linkname: 'x' }]);
  t.is(exitCode, 0);
  t.is(
    stderr,
    `warning: ${WHERE} has files beside the locked packages, since the Dockerfile collects by itself: "lists", "link" [E_OTHER_FILES]\n`,
  );
  t.is(
    (await own({ 'a.deb': 'hello for amd64' })).stderr,
    `error: ${WHERE} has no "${JQ}", which the lockfile lists [E_CACHE_MISSING]\n${HINT}`,
  );
});
