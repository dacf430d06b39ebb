import { createHash } from 'node:crypto';
import readToml from '@iarna/toml/parse-string.js';
import test from 'ava';
import fc from 'fast-check';
import { cacheInputs, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Digest, Lockfile, Package } from '../../src/model.ts';
import { example, parse, schema } from './helpers.ts';

const digestOf = (char: string): Digest => `sha256:${char.repeat(64)}`;
const pkg = (name: string, version: string, sha256 = `${name}${version}`, arch = 'amd64'): Package => ({
  name,
  version,
  arch,
  sha256,
  size: 1,
});

/** Every key that there is, those included that do not work yet. */
const full: Lockfile = {
  version: 1,
  note: 'two\nlines, "quoted" \\ ${a} %{b}\u202e',
  image: 'registry.example/team/app:v1',
  distro: 'debian',
  platforms: ['linux/arm64', 'linux/amd64'],
  packages: [
    'zsh',
    'a-package-with-a-long-name',
    'another-package-with-a-longer-name',
    'yet-another-one',
    'Z',
  ],
  'platform-packages': { 'linux/arm64': ['b', 'a'], 'linux/amd64': [] },
  recommends: false,
  snapshot: '2025-08-09T12:00:00Z',
  labels: {
    'org.opencontainers.image.title': 'an app',
    b_c: '',
    '10': 'ten',
    '9': 'nine',
    'a b': 'é\u{1f600}',
  },
  build: { dockerfile: 'docker/Dockerfile', context: '.', target: 'app', args: { B: '2', A: '1' } },
  repository: [
    { url: 'https://packages.example/z', suites: ['b', 'a'], components: ['main'], key: 'keys/z.asc' },
    { url: 'https://packages.example/a', key: 'keys/a.asc' },
  ],
  base: {
    image: 'debian:trixie',
    digest: digestOf('a'),
    release: '13',
    created: '2025-08-09T12:00:00Z',
    user: 'app:app',
  },
  cache: { image: 'registry.example/team/app:v1-cache', digest: digestOf('b'), inputs: digestOf('c') },
  platform: [
    { name: 'linux/arm64', packages: [] },
    {
      name: 'linux/amd64',
      packages: [
        pkg('b', '1', 'B'),
        pkg('a', '2', 'A2'),
        pkg('a', '10', 'A10'),
        { ...pkg('a', '2', 'A2i', 'i386'), source: 's' },
      ],
    },
  ],
};

const fullText = `# The packages of this image, pinned. Edit the first part; \`repro lock\` writes the rest.
version = 1
note = "two\\nlines, \\"quoted\\" \\\\ \${a} %{b}\\u202E"

image = "registry.example/team/app:v1"
distro = "debian"
platforms = ["linux/amd64", "linux/arm64"]
packages = [
  "Z",
  "a-package-with-a-long-name",
  "another-package-with-a-longer-name",
  "yet-another-one",
  "zsh",
]
recommends = false
snapshot = "2025-08-09T12:00:00Z"

[platform-packages]
"linux/amd64" = []
"linux/arm64" = ["a", "b"]

[labels]
10 = "ten"
9 = "nine"
"a b" = "é\u{1f600}"
b_c = ""
"org.opencontainers.image.title" = "an app"

[build]
dockerfile = "docker/Dockerfile"
context = "."
target = "app"

[build.args]
A = "1"
B = "2"

[[repository]]
url = "https://packages.example/z"
suites = ["b", "a"]
components = ["main"]
key = "keys/z.asc"

[[repository]]
url = "https://packages.example/a"
key = "keys/a.asc"

[base]
image = "debian:trixie"
digest = "${digestOf('a')}"
release = "13"
created = "2025-08-09T12:00:00Z"
user = "app:app"

[cache]
image = "registry.example/team/app:v1-cache"
digest = "${digestOf('b')}"
inputs = "${digestOf('c')}"

[[platform]]
name = "linux/amd64"
packages = [
  { name = "a", version = "10", arch = "amd64", sha256 = "A10", size = 1 },
  { name = "a", version = "2", arch = "amd64", sha256 = "A2", size = 1 },
  { name = "a", version = "2", arch = "i386", sha256 = "A2i", size = 1, source = "s" },
  { name = "b", version = "1", arch = "amd64", sha256 = "B", size = 1 },
]

[[platform]]
name = "linux/arm64"
packages = []
`;

test('the canonical text of every key', (t) => {
  t.is(serializeLockfile(full), fullText);
  t.true(schema({ ...full, note: 'x', platform: full.platform?.slice(0, 1) }), JSON.stringify(schema.errors));
  t.is(serializeLockfile(readToml(fullText) as unknown as Lockfile), fullText);
});

test('a list is on one line up to 100 columns', (t) => {
  const lines = (length: number) =>
    serializeLockfile({ ...full, packages: ['x'.repeat(length)] })
      .split('\n')
      .filter((line) => line.includes('xxx'));
  t.deepEqual(
    lines(85).map((line) => line.length),
    [100],
  );
  t.deepEqual(lines(86), [`  "${'x'.repeat(86)}",`]);
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(
      ...'"\'\\${}%[]#=,.\n\r\t\b\f\0\u007f\u0085\u2028\u202e\ufeff é😀 u0041nU',
      '"""',
      '__proto__',
    ),
    maxLength: 12,
  }),
);
const safe = nasty.map((text) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu, '.'));
const filled = safe.filter((text) => text !== '');
const key = filled.filter((text) => text !== '__proto__');
const sorted = <T>(item: fc.Arbitrary<T>) =>
  fc.uniqueArray(item, { maxLength: 5 }).map((list) => list.toSorted());
const word = fc.stringMatching(/^[!-~]{1,12}$/).filter((text) => !/[A-Z]/.test(text));
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const digest = hex.map((text): Digest => `sha256:${text}`);
const some = <T>(item: fc.Arbitrary<T>) => fc.option(item, { nil: undefined });
const packages = fc
  .uniqueArray(
    fc.record(
      {
        name: word,
        version: word,
        arch: word,
        sha256: hex,
        size: fc.maxSafeNat(),
        source: word,
      },
      { requiredKeys: ['name', 'version', 'arch', 'sha256', 'size'], noNullPrototype: true },
    ),
    { maxLength: 6, selector: ({ name }) => name },
  )
  .map((list) => list.sort((a, b) => (a.name < b.name ? -1 : 1)));

/** Valid content in canonical order. */
const valid: fc.Arbitrary<Lockfile> = fc
  .record({
    note: some(filled.map((text) => `${text}\n${text}`)),
    packages: sorted(filled.filter((text) => !text.endsWith('-'))),
    recommends: some(fc.boolean()),
    labels: some(fc.dictionary(key, safe, { maxKeys: 4, noNullPrototype: true })),
    args: some(
      fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), safe, {
        noNullPrototype: true,
        maxKeys: 3,
      }),
    ),
    pins: some(fc.record({ base: digest, cache: digest, inputs: digest, packages })),
  })
  .map(({ note, packages, recommends, labels, args, pins }) => ({
    version: 1,
    ...(note !== undefined && { note }),
    image: 'registry.example/app:v1',
    distro: 'debian',
    platforms: ['linux/amd64'],
    packages,
    ...(recommends !== undefined && { recommends }),
    ...(labels && { labels }),
    ...(args && { build: { dockerfile: 'Dockerfile', args } }),
    base: { image: 'debian:trixie', ...(pins && { digest: pins.base }) },
    cache: {
      image: 'registry.example/app:v1-cache',
      ...(pins && { digest: pins.cache, inputs: pins.inputs }),
    },
    ...(pins && { platform: [{ name: 'linux/amd64', packages: pins.packages }] }),
  }));

test('what is written is read as it was, whatever is in the strings', async (t) => {
  await fc.assert(
    fc.asyncProperty(valid, async (lockfile) => {
      const text = serializeLockfile(lockfile);
      t.deepEqual(await parse(text), lockfile);
      t.true(schema(lockfile), JSON.stringify(schema.errors));
      t.is(serializeLockfile(await parse(text)), text);
    }),
    { numRuns: 1000 },
  );
  // The reader refuses these; the writer must be right even so.
  fc.assert(
    fc.property(nasty, nasty, (note, label) => {
      const content = { ...full, note, labels: { x: label } };
      const read = readToml(serializeLockfile(content)) as unknown as Lockfile;
      t.deepEqual([read.note, read.labels?.['x']], [note, label]);
    }),
    { numRuns: 1000 },
  );
});

test('cacheInputs: never changed by accident, and by nothing that the cache does not depend on', async (t) => {
  const lockfile = await parse(example);
  const { base, ...rest } = lockfile;
  t.is(cacheInputs({ ...rest, base: { image: base.image } }), undefined);
  const before = cacheInputs(lockfile);
  t.is(before, 'sha256:d1b409b6080fd428f4149765ba992f90595e0634ba8f474663569dc83a43c923');
  const text = `{"distro":"debian","platforms":["linux/amd64"],"packages":["hello","jq"],"base":"${base.digest}"}`;
  t.is(before, `sha256:${createHash('sha256').update(text).digest('hex')}`);
  t.is(cacheInputs(full), 'sha256:89ed50d7af6625dfb0fc6f27157833292abaa1a3c7dd692bb7c3faa8e5d7404a');
  const same: Partial<Lockfile>[] = [
    { packages: ['jq', 'hello'] },
    { note: 'x', image: 'y:z', labels: {}, build: { dockerfile: 'Dockerfile' }, platform: [] },
    { base: { image: 'other:tag', release: '1', user: 'x', digest: digestOf('d') } },
    { cache: { image: 'other:tag', digest: digestOf('d') } },
  ];
  for (const change of same) {
    const expected =
      change.base === undefined
        ? before
        : cacheInputs({ ...lockfile, base: { ...base, digest: digestOf('d') } });
    t.is(cacheInputs({ ...lockfile, ...change }), expected, JSON.stringify(change));
  }
  const others: Partial<Lockfile>[] = [
    { distro: 'ubuntu' },
    { platforms: ['linux/arm64'] },
    { packages: ['hello'] },
    { packages: ['hello,jq'] },
    { 'platform-packages': { 'linux/amd64': ['x'] } },
    { recommends: true },
    { recommends: false },
    { snapshot: '2025-08-09T12:00:00Z' },
    { repository: [{ url: 'https://packages.example', key: 'key.asc' }] },
    { base: { ...base, digest: digestOf('d') } },
  ];
  const hashes = new Set(others.map((change) => cacheInputs({ ...lockfile, ...change })).concat(before));
  t.is(hashes.size, others.length + 1);
});
