import test from 'ava';
import fc from 'fast-check';
import { canonical } from '../../src/lockfile/canonical.ts';
import { conflictRegions } from '../../src/lockfile/conflict.ts';
import { cacheInputs, serializeLockfile } from '../../src/lockfile/index.ts';
import { type Merged, mergeLockfiles } from '../../src/lockfile/merge.ts';
import type { Digest, Lockfile } from '../../src/model.ts';
import { example, parse } from './helpers.ts';

const base = await parse(example);
const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const labels = ['HEAD', 'topic'] as const;

/** A side of the merge: what somebody did to the ancestor. */
type Edit = (lockfile: Lockfile) => void;
function edited(...edits: Edit[]): Lockfile {
  const copy = structuredClone(base);
  for (const edit of edits) edit(copy);
  return canonical(copy);
}

/** `repro update`: the cache is for what the lockfile asks for, and has one more package. */
const update =
  (digit: string): Edit =>
  (lockfile) => {
    const inputs = cacheInputs(lockfile);
    if (inputs === undefined) throw new Error('no base');
    lockfile.cache = { ...lockfile.cache, digest: digest(digit), inputs };
    const [hello] = base.platform?.[0]?.packages ?? [];
    if (hello === undefined) throw new Error('the example has no package');
    lockfile.platform = lockfile.platforms.map((name) => ({
      name,
      packages: [
        ...(base.platform?.[0]?.packages ?? []),
        { ...hello, name: `zz-${digit}`, sha256: digit.repeat(64) },
      ],
    }));
  };
const ask =
  (...requests: string[]): Edit =>
  (lockfile) => {
    lockfile.packages = requests;
  };
const set =
  (values: Partial<Lockfile>): Edit =>
  (lockfile) => {
    Object.assign(lockfile, values);
  };
const without =
  (key: 'note' | 'build' | 'labels' | 'platform-packages'): Edit =>
  (lockfile) => {
    delete lockfile[key];
  };
const unlocked: Edit = (lockfile) => {
  lockfile.cache = { image: lockfile.cache.image };
  delete lockfile.platform;
};
const moveBase =
  (digit: string, image = base.base.image): Edit =>
  (lockfile) => {
    lockfile.base = { image, digest: digest(digit), release: '13' };
  };
const noBasePin: Edit = (lockfile) => {
  lockfile.base = { image: lockfile.base.image };
};
const nothing: Edit = () => {};

type Clean = [what: string, ours: Edit[], theirs: Edit[], result: Edit[], rest?: Partial<Merged>];
const cleanMerges: Clean[] = [
  ['one side did nothing', [set({ note: 'x' })], [nothing], [set({ note: 'x' })]],
  ['the same on both', [ask('git'), update('1')], [ask('git'), update('1')], [ask('git'), update('1')]],
  [
    'settings of both',
    [set({ note: 'a', labels: { a: '1', c: '3' } })],
    [
      set({ recommends: false, labels: { b: '2', c: '3' }, image: 'registry.example/team/app:v2' }),
      update('1'),
    ],
    [
      set({
        note: 'a',
        labels: { a: '1', b: '2', c: '3' },
        image: 'registry.example/team/app:v2',
        recommends: false,
      }),
      update('1'),
    ],
  ],
  [
    'packages of both: for what both ask nobody has collected',
    [ask('hello', 'jq', 'git'), update('1')],
    [ask('gcc', 'jq'), update('2')],
    [ask('gcc', 'git', 'jq'), unlocked],
    { dropped: ['cache'] },
  ],
  [
    'a version of one side',
    [ask('hello', 'jq=1.7'), unlocked],
    [ask('hello', 'jq', 'git'), unlocked],
    [ask('git', 'hello', 'jq=1.7'), unlocked],
  ],
  [
    'packages of one side, and its cache',
    [ask('hello', 'jq', 'git'), update('1')],
    [set({ labels: { a: 'b' } })],
    [ask('git', 'hello', 'jq'), update('1'), set({ labels: { a: 'b' } })],
  ],
  [
    'packages of one side, which did not collect yet',
    [ask('hello', 'jq', 'git')],
    [set({ note: 'x' })],
    [ask('git', 'hello', 'jq'), set({ note: 'x' }), unlocked],
    { dropped: ['cache'] },
  ],
  ['collected anew on one side', [nothing], [update('1')], [update('1')]],
  [
    'collected on both, for the same',
    [update('1')],
    [update('2')],
    [unlocked],
    { dropped: ['cache'], twoCaches: true },
  ],
  [
    'collected anew on one side, and for more on the other',
    [update('1')],
    [ask('git', 'hello', 'jq'), update('2')],
    [ask('git', 'hello', 'jq'), update('2')],
    { superseded: 'ours' },
  ],
  [
    'platforms and packages for them',
    [
      set({
        platforms: ['linux/amd64', 'linux/arm64'],
        'platform-packages': { 'linux/arm64': ['git', 'tar'] },
      }),
    ],
    [ask('git', 'hello', 'jq'), set({ 'platform-packages': { 'linux/amd64': ['gcc'] } })],
    [
      ask('git', 'hello', 'jq'),
      set({
        platforms: ['linux/amd64', 'linux/arm64'],
        'platform-packages': { 'linux/amd64': ['gcc'], 'linux/arm64': ['tar'] },
      }),
      unlocked,
    ],
    { dropped: ['cache'] },
  ],
  [
    'a base that one side moved, and packages',
    [moveBase('d'), update('1')],
    [set({ note: 'x' })],
    [moveBase('d'), update('1'), set({ note: 'x' })],
  ],
  [
    'another base image, and the old one moved',
    [moveBase('d', 'docker.io/library/debian:sid'), update('1')],
    [moveBase('e')],
    [moveBase('d', 'docker.io/library/debian:sid'), update('1')],
  ],
  [
    'a base that both moved',
    [moveBase('d'), update('1')],
    [moveBase('e'), update('2')],
    [noBasePin, unlocked],
    { dropped: ['base', 'cache'] },
  ],
  [
    'a base pin that one side took away',
    [noBasePin, unlocked],
    [set({ note: 'x' })],
    [noBasePin, unlocked, set({ note: 'x' })],
    { dropped: ['base', 'cache'] },
  ],
  [
    'another tag for the cache, in the same repository',
    [set({ cache: { ...base.cache, image: 'registry.example/team/app:v2-pkg-cache' } })],
    [nothing],
    [set({ cache: { ...base.cache, image: 'registry.example/team/app:v2-pkg-cache' } })],
  ],
  [
    'another repository for the cache, which does not have it yet',
    [set({ cache: { image: 'registry.example/other:1' } }), unlocked],
    [set({ note: 'x' })],
    [set({ note: 'x', cache: { image: 'registry.example/other:1' } }), unlocked],
    { dropped: ['cache'] },
  ],
  [
    'a Dockerfile on one side, its arguments',
    [set({ build: { dockerfile: 'Dockerfile', args: { A: '1' } } })],
    [set({ note: 'x' })],
    [set({ build: { dockerfile: 'Dockerfile', args: { A: '1' } }, note: 'x' })],
  ],
];

test('what one side did, and what both did alike', (t) => {
  for (const [what, ours, theirs, result, rest] of cleanMerges) {
    const expected = {
      conflicts: [],
      dropped: [],
      twoCaches: false,
      ...rest,
      text: serializeLockfile(edited(...result)),
    };
    t.deepEqual(mergeLockfiles(base, edited(...ours), edited(...theirs), labels), expected, what);
    // The other way round, the same.
    const { superseded } = rest ?? {};
    const other = {
      ...expected,
      ...(superseded && { superseded: superseded === 'ours' ? 'theirs' : 'ours' }),
    };
    t.deepEqual(
      mergeLockfiles(base, edited(...theirs), edited(...ours), labels),
      other,
      `${what}, turned round`,
    );
  }
});

/** A conflict as it stands in the file. */
const marked = (ours: string, theirs: string) => `<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> topic\n`;

test('what people must decide', async (t) => {
  const images: Edit = set({ image: 'registry.example/b:1', note: 'b' });
  const build = { dockerfile: 'Dockerfile', context: '.' };
  const cases: [
    what: string,
    before: Edit[],
    ours: Edit[],
    theirs: Edit[],
    keys: string[],
    parts: string[],
  ][] = [
    [
      'two settings changed on both sides',
      [set({ note: 'o' })],
      [set({ image: 'registry.example/a:1', note: 'a' })],
      [images],
      ['note', 'image'],
      [
        marked('note = "a"\n', 'note = "b"\n'),
        marked('image = "registry.example/a:1"\n', 'image = "registry.example/b:1"\n'),
        'digest = "sha256:b90f4e27',
      ],
    ],
    [
      'one version or another; what else both ask for is merged',
      [],
      [ask('hello', 'jq=1', 'git')],
      [ask('jq=2', 'hello', 'gcc')],
      ['packages'],
      [
        marked(
          'packages = ["gcc", "git", "hello", "jq=1"]\n',
          'packages = ["gcc", "git", "hello", "jq=2"]\n',
        ),
      ],
    ],
    [
      'removed here, changed there',
      [set({ labels: { a: '1', b: '1' } })],
      [set({ labels: { b: '1' } })],
      [set({ labels: { a: '2', b: '2' } })],
      ['labels.a'],
      [`[labels]\n${marked('', 'a = "2"\n')}b = "2"\n`],
    ],
    [
      'a package removed here, with a version there',
      [],
      [ask('hello')],
      [ask('hello', 'jq=2')],
      ['packages'],
      [marked('packages = ["hello"]\n', 'packages = ["hello", "jq=2"]\n')],
    ],
    [
      'the own Dockerfile removed here, changed there',
      [set({ build })],
      [without('build')],
      [set({ build: { ...build, target: 'x' } })],
      ['build'],
      ['=======\n[build]\ndockerfile = "Dockerfile"\ncontext = "."\ntarget = "x"\n'],
    ],
    [
      'arguments',
      [set({ build: { ...build, args: { A: '0' } } })],
      [set({ build: { ...build, args: { A: '1' } } })],
      [set({ build: { ...build, args: { A: '2', B: '3' } } })],
      ['build.args.A'],
      [`[build.args]\n${marked('A = "1"\n', 'A = "2"\n')}B = "3"\n`],
    ],
    [
      'a platform removed here, packages for it there',
      [set({ platforms: ['linux/amd64', 'linux/arm64'] })],
      [set({ platforms: ['linux/amd64'] })],
      [set({ platforms: ['linux/amd64', 'linux/arm64'], 'platform-packages': { 'linux/arm64': ['git'] } })],
      ['platform-packages."linux/arm64"'],
      ['[platform-packages]\n"linux/arm64" = ["git"]\n', 'platforms = ["linux/amd64"]\n'],
    ],
    [
      'two bases, each with its pins',
      [],
      [moveBase('d', 'docker.io/library/debian:sid'), update('1')],
      [moveBase('e', 'docker.io/library/debian:forky'), update('2')],
      ['base.image'],
      [
        marked(
          `image = "docker.io/library/debian:sid"\ndigest = "${digest('d')}"\n`,
          `image = "docker.io/library/debian:forky"\ndigest = "${digest('e')}"\n`,
        ),
        '[cache]\nimage = "registry.example/team/app:v1.2.3-pkg-cache"\n',
      ],
    ],
  ];
  for (const [what, before, ours, theirs, keys, parts] of cases) {
    const merged = mergeLockfiles(edited(...before), edited(...ours), edited(...theirs), labels);
    t.deepEqual(merged.conflicts, keys, what);
    for (const part of parts) t.true(merged.text.includes(part), `${what}\n${merged.text}`);
    const regions = conflictRegions(merged.text.split('\n'));
    await t.throwsAsync(parse(merged.text), { code: 'E_CONFLICT' }, what);
    t.true(regions.length >= 1, what);
  }
});

test('labels are of one line', (t) => {
  const sides = [edited(set({ note: 'a' })), edited(set({ note: 'b' }))] as const;
  const { text } = mergeLockfiles(undefined, ...sides, ['a\u001b[31m\nb\u202e', 'x'.repeat(200)]);
  t.true(text.includes('<<<<<<< a [31m b \n'), text);
  t.true(text.includes(`>>>>>>> ${'x'.repeat(80)}\n`));
});

test('without an ancestor, both sides are new', (t) => {
  const ours = edited(ask('git'), set({ labels: { a: '1' } }), unlocked);
  const theirs = edited(ask('jq'), set({ labels: { a: '1', b: '2' } }), unlocked);
  const { text, conflicts } = mergeLockfiles(undefined, ours, theirs, labels);
  t.deepEqual(conflicts, []);
  t.is(text, serializeLockfile(edited(ask('git', 'jq'), set({ labels: { a: '1', b: '2' } }), unlocked)));
  t.deepEqual(mergeLockfiles(undefined, ours, edited(ask('git=1')), labels).conflicts, ['packages']);
});

/** What somebody may do, at random. */
const someEdits = fc.array(
  fc.oneof(
    fc.subarray(['hello', 'jq', 'jq=1', 'jq=2', 'git', 'gcc']).map((requests) => ask(...requests)),
    fc.constantFrom('a', 'b').map((note) => set({ note })),
    fc.constantFrom('1', '2').map(update),
    fc.constantFrom('d', 'e').map((digit) => moveBase(digit)),
    fc
      .dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'))
      .map((table) => set({ labels: table })),
    fc.constantFrom('docker.io/library/debian:sid', base.base.image).map((image) => moveBase('f', image)),
    fc.constant(set({ build: { dockerfile: 'Dockerfile' } })),
    fc.constant(without('build')),
    fc.constant(without('note')),
    fc.constant(unlocked),
  ),
  { maxLength: 5 },
);

test('random edits: pins hold, and both sides are treated alike', async (t) => {
  await fc.assert(
    fc.asyncProperty(someEdits, someEdits, async (mine, other) => {
      const [ours, theirs] = [edited(...mine), edited(...other)];
      const merged = mergeLockfiles(base, ours, theirs, labels);
      const turned = mergeLockfiles(base, theirs, ours, labels);
      t.deepEqual([...merged.conflicts].sort(), [...turned.conflicts].sort());
      t.is(mergeLockfiles(base, ours, base, labels).conflicts.length, 0);
      if (merged.conflicts.length > 0) {
        t.true(conflictRegions(merged.text.split('\n')).length > 0);
        return;
      }
      t.is(merged.text, turned.text);
      const result = await parse(merged.text);
      t.is(serializeLockfile(result), merged.text);
      const { digest: pinned, inputs } = result.cache;
      if (pinned === undefined) return;
      t.is(inputs, cacheInputs(result));
      // The same digit may stand for two caches here.
      const from = [ours, theirs].filter(({ cache }) => cache.digest === pinned && cache.inputs === inputs);
      t.true(from.some(({ platform }) => JSON.stringify(platform) === JSON.stringify(result.platform)));
    }),
    { numRuns: 500 },
  );
});
