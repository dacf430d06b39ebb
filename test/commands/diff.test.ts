import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import test from 'ava';
import fc from 'fast-check';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { diffLockfiles, parseLockfile, serializeLockfile, summarize } from '../../src/lockfile/index.ts';
import type { Lockfile, Package } from '../../src/model.ts';
import { code } from '../../src/report/diff/escape.ts';
import { bytes, growth, sizeText } from '../../src/report/diff/sizes.ts';
import { run } from '../../src/run.ts';
import { type Memory, memoryPorts } from '../helpers/ports.ts';

const schema = new Ajv({ strict: true, strictRequired: false }).compile(
  JSON.parse(readFileSync('schemas/repro-diff.schema.json', 'utf8')),
);
const paint = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };
const repro = (ports: Memory, ...args: string[]) => run(args, ports, paint);
const read = (text: string) => parseLockfile(text, 'repro.lock', { familyOf, knownDistros });

const old = readFileSync('test/fixtures/diff/main.lock', 'utf8');
const current = readFileSync('test/fixtures/diff/branch.lock', 'utf8');
const before = await read(old);

/** A package; its hash follows from the rest, and from `more`. */
function pkg(text: string, more: Partial<Package> = {}): Package {
  const [name = '', version = '', arch = 'amd64'] = text.split(' ');
  const sha256 = Buffer.from(`${name} ${version} ${arch}`).toString('hex').padEnd(64, '0').slice(0, 64);
  return { name, version, arch, sha256, size: 1000, ...more };
}

function lockfile(packages: Package[], more: Partial<Lockfile> = {}): Lockfile {
  return { ...before, packages: ['aa'], platform: [{ name: 'linux/amd64', packages }], ...more };
}

/** `upgraded a 1 -> 2`, one a line; asked-for packages with a star. */
function changesOf(a: Lockfile | undefined, b: Lockfile | undefined): string[] {
  return diffLockfiles(a, b, familyOf).platforms.flatMap(({ packages }) =>
    packages.map(({ kind, name, asked, from, to }) => {
      const versions = [from, to].map((side) => (side === undefined ? '' : `${side.version} ${side.arch}`));
      return `${kind} ${name}${asked ? '*' : ''} ${versions.filter((text) => text !== '').join(' -> ')}`;
    }),
  );
}

test('kinds of changes', (t) => {
  const cases: [before: Package[], after: Package[], changes: string[]][] = [
    [[pkg('aa 1')], [pkg('aa 1')], []],
    [[], [pkg('aa 1'), pkg('bb 1')], ['added aa* 1 amd64', 'added bb 1 amd64']],
    [[pkg('aa 1'), pkg('bb 1')], [], ['removed aa* 1 amd64', 'removed bb 1 amd64']],
    [[pkg('bb 9')], [pkg('bb 10')], ['upgraded bb 9 amd64 -> 10 amd64']],
    [[pkg('bb 1:1')], [pkg('bb 2')], ['downgraded bb 1:1 amd64 -> 2 amd64']],
    [[pkg('bb 1.0')], [pkg('bb 1.0~rc1')], ['downgraded bb 1.0 amd64 -> 1.0~rc1 amd64']],
    [[pkg('bb 1')], [pkg('bb 1', { sha256: 'f'.repeat(64) })], ['rebuilt bb 1 amd64 -> 1 amd64']],
    [[pkg('bb 1')], [pkg('bb 1', { size: 1 })], ['rebuilt bb 1 amd64 -> 1 amd64']],
    // Another text of the same version.
    [[pkg('bb 1.0')], [pkg('bb 1.00')], ['rebuilt bb 1.0 amd64 -> 1.00 amd64']],
    [[pkg('bb 1')], [pkg('bb 2 all')], ['upgraded bb 1 amd64 -> 2 all']],
    [[pkg('bb 1')], [pkg('bb 1 all')], ['rebuilt bb 1 amd64 -> 1 all']],
    [[pkg('bb 1'), pkg('bb 1 i386')], [pkg('bb 1'), pkg('bb 2 i386')], ['upgraded bb 1 i386 -> 2 i386']],
    [[pkg('bb 1')], [pkg('bb 1'), pkg('bb 1 i386')], ['added bb 1 i386']],
    [[pkg('bb 1'), pkg('bb 2')], [pkg('bb 2'), pkg('bb 3')], ['upgraded bb 1 amd64 -> 3 amd64']],
    [[pkg('bb 1')], [pkg('bb 1'), pkg('bb 2')], ['added bb 2 amd64']],
    [
      [pkg('bb 1'), pkg('bb 2')],
      [pkg('bb 3'), pkg('bb 4')],
      ['removed bb 1 amd64', 'removed bb 2 amd64', 'added bb 3 amd64', 'added bb 4 amd64'],
    ],
  ];
  for (const [from, to, changes] of cases) t.deepEqual(changesOf(lockfile(from), lockfile(to)), changes);
  t.deepEqual(changesOf(undefined, lockfile([pkg('bb 1')])), ['added bb 1 amd64']);
  t.deepEqual(changesOf(lockfile([pkg('bb 1')]), undefined), ['removed bb 1 amd64']);
  // Debian's order says nothing of Alpine's versions.
  const alpine = lockfile([pkg('bb 1')], { distro: 'alpine' });
  t.deepEqual(changesOf(lockfile([pkg('bb 1')]), alpine), ['removed bb 1 amd64', 'added bb 1 amd64']);
});

test('asked-for packages, as each family asks', (t) => {
  const cases: [distro: string, requests: string[], asked: string[], others: string[]][] = [
    [
      'debian',
      ['aa=1', 'bb/sid', 'g++', 'cc:i386'],
      ['aa 2', 'bb 1', 'g++ 1', 'cc 1 i386'],
      ['cc 1', 'aaa 1', 'gg 1'],
    ],
    ['alpine', ['a~1', 'b@edge', 'c=1-r0', 'so:d'], ['a 2-r0', 'b 1-r0', 'c 1-r1'], ['d 1-r0', 'so 1-r0']],
    ['arch', ['a=1-1', 'extra/b', 'c'], ['a 2-1', 'b 1-1', 'c 1-1'], ['extra 1-1', 'd 1-1']],
    [
      'fedora',
      [
        'a',
        'b.x86_64',
        'c-1',
        'd-1-2.fc42',
        'e-3:1-2',
        'f-1-2.noarch',
        '/usr/bin/g',
        'java-17-openjdk',
        'h-0:1',
      ],
      ['a 1-1 noarch', 'b 1-1 x86_64', 'c 1-5 noarch', 'd 1-2.fc42', 'e 3:1-2', 'f 1-2 noarch', 'h 1-1'],
      ['b 1-1 i686', 'c 2-1', 'g 1-1', 'java 17-1', 'usr 1-1', 'bin 1-1'],
    ],
    [
      'opensuse-leap',
      ['a', 'b=1', 'c=1-2', 'd.noarch'],
      ['a 1-1', 'b 2-1', 'c 1-2', 'd 1-1 noarch'],
      ['d 1-1 x86_64'],
    ],
  ];
  for (const [distro, packages, asked, others] of cases) {
    const all = [...asked, ...others].map((text) => pkg(text));
    const changes = diffLockfiles(undefined, lockfile(all, { distro, packages }), familyOf).platforms[0]
      ?.packages;
    const found = changes
      ?.filter((change) => change.asked)
      .map(({ to }) => `${to?.name} ${to?.version} ${to?.arch}`);
    t.deepEqual(
      found?.sort(),
      asked.map((text) => (text.split(' ').length < 3 ? `${text} amd64` : text)).sort(),
      distro,
    );
  }
  const some = lockfile([pkg('aa 1'), pkg('bb 1')], {
    packages: [],
    'platform-packages': { 'linux/amd64': ['bb'] },
  });
  t.deepEqual(changesOf(some, lockfile([], { packages: ['aa'] })), [
    'removed aa 1 amd64',
    'removed bb* 1 amd64',
  ]);
});

test('keys, base and cache', (t) => {
  const digest = (char: string) => `sha256:${char.repeat(64)}` as const;
  const pins = { digest: digest('1'), inputs: digest('2') };
  const full = lockfile([], {
    note: 'one\ntwo',
    recommends: true,
    labels: { 'org.example/x y': 'z' },
    build: { dockerfile: 'Dockerfile', args: { V: '1' } },
    base: { image: 'debian:12', digest: digest('3'), release: '12' },
    cache: { image: 'x:y', ...pins },
  });
  const change = (more: Partial<Lockfile>) => diffLockfiles(full, { ...full, ...more }, familyOf);
  const nothing = { intent: [], facts: [], repushed: false, platforms: [] };
  t.deepEqual(change({}), nothing);
  t.deepEqual(change({ platforms: ['linux/amd64'], packages: ['aa'] }), nothing);
  const cases: [more: Partial<Lockfile>, expected: object][] = [
    [
      { packages: ['aa', 'b'], 'platform-packages': { 'linux/amd64': ['c'] }, image: 'i:2' },
      {
        intent: [
          { key: 'packages', added: ['b'], removed: [] },
          { key: 'platform-packages."linux/amd64"', added: ['c'], removed: [] },
          { key: 'image', from: full.image, to: 'i:2' },
        ],
      },
    ],
    [
      { recommends: false, labels: {}, build: { dockerfile: 'D', args: { V: '2' } }, distro: 'ubuntu' },
      {
        intent: [
          { key: 'build.args.V', from: '1', to: '2' },
          { key: 'build.dockerfile', from: 'Dockerfile', to: 'D' },
          { key: 'distro', from: 'debian', to: 'ubuntu' },
          { key: 'labels."org.example/x y"', from: 'z' },
          { key: 'recommends', from: 'true', to: 'false' },
        ],
      },
    ],
    [
      { base: { image: 'debian:12', digest: digest('4'), release: '13', user: 'x' } },
      {
        base: { from: digest('3'), to: digest('4') },
        facts: [
          { key: 'base.release', from: '12', to: '13' },
          { key: 'base.user', to: 'x' },
        ],
      },
    ],
    [
      { cache: { image: 'x:y', ...pins, digest: digest('5') } },
      { cache: { from: digest('1'), to: digest('5') }, repushed: true },
    ],
    [
      { cache: { image: 'x:z', digest: digest('5'), inputs: digest('6') } },
      {
        intent: [{ key: 'cache.image', from: 'x:y', to: 'x:z' }],
        cache: { from: digest('1'), to: digest('5') },
        inputs: { from: digest('2'), to: digest('6') },
      },
    ],
    [{ cache: { image: 'x:y' } }, { cache: { from: digest('1') }, inputs: { from: digest('2') } }],
  ];
  for (const [more, expected] of cases) t.deepEqual(change(more), { ...nothing, ...expected });
});

test('several platforms: the sum counts a change once', async (t) => {
  const platform = (...names: [string, Package[]][]) => names.map(([name, packages]) => ({ name, packages }));
  const a = lockfile([], {
    platforms: ['linux/386', 'linux/amd64', 'linux/arm64'],
    platform: platform(
      ['linux/386', [pkg('aa 1 i386')]],
      ['linux/amd64', [pkg('aa 1'), pkg('bb 1 all')]],
      ['linux/arm64', [pkg('aa 1 arm64'), pkg('bb 1 all')]],
    ),
  });
  const b = lockfile([], {
    platforms: ['linux/amd64', 'linux/arm64', 'linux/s390x'],
    platform: platform(
      ['linux/amd64', [pkg('aa 2'), pkg('bb 1 all')]],
      ['linux/arm64', [pkg('aa 2 arm64', { size: 1500 }), pkg('bb 1 all')]],
      ['linux/s390x', [pkg('aa 2 s390x')]],
    ),
  });
  const counts = { added: 1, removed: 1, upgraded: 1, downgraded: 0, rebuilt: 0 };
  t.deepEqual(summarize(a, b, diffLockfiles(a, b, familyOf)), { ...counts, size: { from: 5000, to: 5500 } });
  const ports = memoryPorts({ 'a.lock': serializeLockfile(a), 'b.lock': serializeLockfile(b) });
  const { stdout, stderr } = await repro(ports, 'diff', 'a.lock', 'b.lock');
  t.is(stderr, '');
  t.is(
    stdout,
    `a.lock -> b.lock
~ platforms: - linux/386, + linux/s390x
linux/386: 1 removed, 0 B (-1.0 kB)
  asked for
    - aa 1, -1.0 kB
linux/amd64, linux/arm64: 1 upgraded, 4.5 kB (+500 B)
  asked for
    ~ aa 1 -> 2, 2.5 kB (+500 B)
linux/s390x: 1 added, 1.0 kB
  asked for
    + aa 2, 1.0 kB
in all: 1 added, 1 removed, 1 upgraded, 5.5 kB (+500 B)
`,
  );
});

/** `main` and `HEAD` in git, and the working file; `HEAD` is what the working file is, but for a comment. */
function repository(): Memory {
  const ports = memoryPorts({ 'repro.lock': `# mine\n${current}`, 'old.lock': old, 'app/repro.lock': old });
  ports.revisions.set('main', { 'repro.lock': old, 'app/repro.lock': current });
  ports.revisions.set('HEAD', { 'repro.lock': current, 'app/repro.lock': current });
  ports.revisions.set('base', { 'repro.lock': old });
  ports.revisions.set('empty', {});
  ports.revisions.set('broken', { 'repro.lock': 'version = 1\n' });
  ports.revisions.set('old.lock', { 'repro.lock': 'never read' });
  return ports;
}

test('what is compared', async (t) => {
  const cases: [args: string[], line: string | RegExp][] = [
    [[], 'repro.lock: no difference between HEAD (HEAD) and working file'],
    [['main'], 'repro.lock: main (main) -> working file'],
    [['HEAD'], 'repro.lock: no difference between HEAD (HEAD) and working file'],
    [['main', 'HEAD'], 'repro.lock: main (main) -> HEAD (HEAD)'],
    [['HEAD', 'main'], 'repro.lock: HEAD (HEAD) -> main (main)'],
    [['main..HEAD'], 'repro.lock: main (main) -> HEAD (HEAD)'],
    [['main..'], 'repro.lock: main (main) -> HEAD (HEAD)'],
    [['..main'], 'repro.lock: HEAD (HEAD) -> main (main)'],
    [['main...HEAD'], 'repro.lock: merge base of main and HEAD (base) -> HEAD (HEAD)'],
    [['HEAD...'], 'repro.lock: merge base of HEAD and HEAD (base) -> HEAD (HEAD)'],
    // A file wins over a revision.
    [['old.lock'], 'old.lock -> repro.lock'],
    [['old.lock', 'repro.lock'], 'old.lock -> repro.lock'],
    [['old.lock', 'main'], 'repro.lock: no difference between old.lock and main (main)'],
    [['old.lock', 'HEAD'], 'repro.lock: old.lock -> HEAD (HEAD)'],
    [['-f', 'app/repro.lock'], 'app/repro.lock: HEAD (HEAD) -> working file'],
    [['-f', 'app/repro.lock', 'main'], 'app/repro.lock: main (main) -> working file'],
    [['empty'], 'repro.lock: no lockfile -> working file'],
    [['HEAD', 'empty'], 'repro.lock: HEAD (HEAD) -> no lockfile'],
    [['nope'], /^error: "nope" is neither a file nor a git revision here \[E_NO_REVISION\]/],
    [['main..nope'], /^error: "nope" is neither/],
    [['../nope.lock'], /^error: "\/nope.lock" is neither/],
    [
      ['empty', 'empty'],
      /^error: there is no lockfile: neither empty:repro.lock nor empty:repro.lock \[E_NO_LOCKFILE\]/,
    ],
    [['broken'], /^error: `image` is missing \[E_MISSING\]\n {2}at: broken:repro.lock:1:1/],
    [['repro.lock'], /^error: repro.lock can't be compared with itself \[E_USAGE\]/],
    [['a', 'b', 'c'], /^error: two can be compared, not more \[E_USAGE\]/],
    [['--format', 'html'], /^error: "html" is none of "text", "markdown", "json" \[E_USAGE\]/],
    [['--json', '--format', 'text'], /--json and --format text are two things/],
    [['--textconv'], /^error: --textconv needs one file \[E_USAGE\]/],
    [['--driver', 'a', 'b'], /^error: --driver needs the 7 arguments that git gives \[E_USAGE\]/],
    [['--driver', '--textconv', 'a'], /^error: --textconv and --driver are two things \[E_USAGE\]/],
    [['--driver', '--json', 'a'], /--textconv and --driver print text/],
  ];
  for (const [args, line] of cases) {
    const { stdout, stderr } = await repro(repository(), 'diff', ...args);
    if (typeof line === 'string') t.deepEqual([stderr, stdout.split('\n')[0]], ['', line], args.join(' '));
    else t.regex(stderr || stdout, line, args.join(' '));
  }
  const ports = repository();
  ports.revisions.delete('base');
  const { stderr } = await repro(ports, 'diff', 'main...HEAD');
  t.regex(
    stderr,
    /^error: "main" and "HEAD" have no commit in common here \[E_NO_MERGE_BASE\]\n {2}hint: .*unshallow/,
  );
});

test('exit codes, and JSON', async (t) => {
  const cases: [args: string[], code: number][] = [
    [['main'], 0],
    [['--exit-code'], 0],
    [['main', '--exit-code'], 1],
    [['main', '--exit-code', '--json'], 1],
    [['main', '--exit-code', '--format', 'markdown'], 1],
    [['nope'], 1],
    [['nope', '--exit-code'], 128],
    [['nope', '--exit-code', '--json'], 128],
    [['a', 'b', 'c', '--exit-code'], 2],
  ];
  for (const [args, code] of cases)
    t.is((await repro(repository(), 'diff', ...args)).exitCode, code, args.join(' '));
  for (const args of [[], ['main'], ['empty'], ['HEAD', 'empty'], ['main...HEAD'], ['old.lock']]) {
    const { stdout } = await repro(repository(), 'diff', ...args, '--json');
    const content = JSON.parse(stdout);
    t.true(schema(content), JSON.stringify(schema.errors));
    t.is((await repro(repository(), 'diff', ...args, '--format', 'json')).stdout, stdout);
  }
  const { stdout } = await repro(repository(), 'diff', 'main...HEAD', '--json');
  const { from, to, different, summary, platforms } = JSON.parse(stdout);
  t.deepEqual(from, { path: 'repro.lock', revision: 'merge base of main and HEAD', id: 'base' });
  t.deepEqual(to, { path: 'repro.lock', revision: 'HEAD', id: 'HEAD' });
  t.true(different);
  const sizes = { from: 19_043_548, to: 19_406_628 };
  t.deepEqual(summary, { added: 3, removed: 1, upgraded: 5, downgraded: 1, rebuilt: 1, size: sizes });
  t.like(platforms[0].packages[0], { kind: 'upgraded', name: 'git', asked: true });
});

test('the text', async (t) => {
  t.is(
    (await repro(repository(), 'diff', 'main')).stdout,
    `repro.lock: main (main) -> working file
~ packages: - hello, + jq
~ base moved: sha256:ca978112ca1b -> sha256:3e23e8160039
~ base.created: 2026-11-10T00:00:00Z -> 2026-11-24T00:00:00Z
~ cache: sha256:6959097001d1 -> sha256:103d6254a6d9
linux/amd64: 3 added, 1 removed, 5 upgraded, 1 downgraded, 1 rebuilt, 19.4 MB (+363.1 kB)
  asked for
    ~ git 1:2.47.3-0+deb13u1 -> 1:2.47.3-0+deb13u2, 8.9 MB (+536 B)
    - hello 2.10-5, -53.2 kB
    + jq 1.7.1-6+deb13u4, 78.9 kB
  brought along
    ~ libexpat1 2.7.1-2, another file of the same version, 108.3 kB (-4 B), source expat
    ~ git-man 1:2.47.3-0+deb13u1 -> 1:2.47.3-0+deb13u2, 2.2 MB (+32 B), source git
    + libjq1 1.7.1-6+deb13u4, 167.8 kB, source jq
    ~ less 668-1 -> 643-1, an older version, 141.0 kB (-20.0 kB)
    + libonig5 6.9.9-1+b1, 189.4 kB, source libonig
    ~ libperl5.40, perl, perl-modules-5.40 5.40.1-6 -> 5.40.1-7, 7.6 MB (-360 B)
`,
  );
  const ports = repository();
  const [cache] = /^digest = .*$/m.exec(current.split('[cache]')[1] ?? '') ?? [''];
  ports.texts.set('repro.lock', current.replace(cache, `digest = "sha256:${'0'.repeat(64)}"`));
  t.is(
    (await repro(ports, 'diff')).stdout,
    `repro.lock: HEAD (HEAD) -> working file
~ cache pushed again with the same packages: sha256:103d6254a6d9 -> sha256:000000000000
`,
  );
  const intent = current
    .replace(/\n\[\[platform\]\][\s\S]*/, '')
    .replace(/^(?:digest|inputs|created|release) = .*\n/gm, '');
  ports.texts.set('repro.lock', intent);
  t.is(
    (await repro(ports, 'diff')).stdout.replace(/^ {2}[\s\S]*/m, ''),
    `repro.lock: HEAD (HEAD) -> working file
~ base: sha256:3e23e8160039 -> not pinned
~ base.created: 2026-11-24T00:00:00Z -> none
~ base.release: 13 -> none
~ cache: sha256:103d6254a6d9 -> not pinned
linux/amd64: 11 removed, 0 B (-19.4 MB)
`,
  );
});

test('the Markdown', async (t) => {
  t.is(
    (await repro(repository(), 'diff', 'main...HEAD', '--format', 'markdown')).stdout,
    `<!-- repro diff: repro.lock -->
### \`repro.lock\`: 3 added, 1 removed, 5 upgraded, 1 downgraded, 1 rebuilt, +363.1 kB

\`merge base of main and HEAD (base)\` → \`HEAD (HEAD)\`

- \`packages\`: without \`hello\`, with \`jq\`
- base moved: \`sha256:ca978112ca1b\` → \`sha256:3e23e8160039\`
- \`base.created\`: \`2026-11-10T00:00:00Z\` → \`2026-11-24T00:00:00Z\`
- cache: \`sha256:6959097001d1\` → \`sha256:103d6254a6d9\`

#### linux/amd64: 3 added, 1 removed, 5 upgraded, 1 downgraded, 1 rebuilt, 19.4 MB (+363.1 kB)

| | asked for | version | size | source |
|---|---|---|---|---|
| upgraded | \`git\` | \`1:2.47.3-0+deb13u1\` → \`1:2.47.3-0+deb13u2\` | 8.9 MB (+536 B) | |
| removed | \`hello\` | \`2.10-5\` | -53.2 kB | |
| added | \`jq\` | \`1.7.1-6+deb13u4\` | 78.9 kB | |

| | brought along | version | size | source |
|---|---|---|---|---|
| **rebuilt** | \`libexpat1\` | \`2.7.1-2\` | 108.3 kB (-4 B) | \`expat\` |
| upgraded | \`git-man\` | \`1:2.47.3-0+deb13u1\` → \`1:2.47.3-0+deb13u2\` | 2.2 MB (+32 B) | \`git\` |
| added | \`libjq1\` | \`1.7.1-6+deb13u4\` | 167.8 kB | \`jq\` |
| **downgraded** | \`less\` | \`668-1\` → \`643-1\` | 141.0 kB (-20.0 kB) | |
| added | \`libonig5\` | \`6.9.9-1+b1\` | 189.4 kB | \`libonig\` |
| upgraded | \`libperl5.40\` \`perl\` \`perl-modules-5.40\` | \`5.40.1-6\` → \`5.40.1-7\` | 7.6 MB (-360 B) | \`perl\` |
`,
  );
  t.is(
    (await repro(repository(), 'diff', '--format', 'markdown')).stdout,
    '<!-- repro diff: repro.lock -->\n### `repro.lock`: no difference\n\n`HEAD (HEAD)` → `working file`\n',
  );
});

test('the Markdown of much: folded, and short enough for a comment', async (t) => {
  const many = (count: number, length: number) =>
    lockfile(
      Array.from({ length: count }, (_, index) => pkg(`p${index}-${'x'.repeat(length)} 1`)),
      { packages: ['none'] },
    );
  const markdown = async (content: Lockfile) => {
    const ports = memoryPorts({
      'a.lock': serializeLockfile(lockfile([])),
      'b.lock': serializeLockfile(content),
    });
    return (await repro(ports, 'diff', 'a.lock', 'b.lock', '--format', 'markdown')).stdout;
  };
  t.notRegex(await markdown(many(10, 1)), /details/);
  const folded = await markdown(many(300, 1));
  t.regex(
    folded,
    /\n\n<details>\n<summary>brought along: 300 added<\/summary>\n\n\| \| brought along [\s\S]*\|\n\n<\/details>\n$/,
  );
  t.notRegex(folded, /more/);
  const perl = many(5000, 5).platform?.[0]?.packages.map((one) => ({ ...one, source: 'perl' })) ?? [];
  const [line] = /^\| added \| .*/m.exec(await markdown(lockfile(perl))) ?? [''];
  t.regex(line, /^\| added \| (?:`p\d+-x{5}` ){300}and 4700 more \| `1` \| 5\.0 MB \| `perl` \|$/);
  for (const [count, length] of [
    [10_000, 5],
    [2000, 500],
    [500, 5000],
  ] as const) {
    const text = await markdown(many(count, length));
    t.true(text.length < 60_000);
    t.regex(text, /\n\| … \| and \d+ more \| \| \| \|\n\n<\/details>\n$/);
  }
});

test('the Markdown of a stranger', async (t) => {
  const nasty = [
    '`rm`',
    '``',
    '@team',
    '#1',
    'a|b',
    '\\',
    '\\|',
    '<img src=x onerror=y>',
    '-->',
    '</details>',
    '**b**',
    ' x ',
    '[a](https://x)',
    'https://example.org',
    'a`b|c',
    '$`x`$',
    '&lt;',
    '\u200b',
    'x'.repeat(500),
    '|',
    '`|`',
    '~~~',
    ':+1:',
  ];
  const whole = /^(?:`[^`|\n]+`|<code>(?:[A-Za-z0-9 ]|&#\d+;)*<\/code>)$/;
  for (const text of nasty) t.regex(code(text), whole, text);
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => whole.test(code(text))),
      { seed: 42 },
    ),
  );
  t.is(code('a|b'), '<code>a&#124;b</code>');
  t.is(code('@team'), '`@team`');
  t.is(code('\u202e'), '<code>&#92;u&#123;202e&#125;</code>');

  const labels = Object.fromEntries(nasty.map((text, index) => [`${text}${index}`, text]));
  const note = `one\n<!-- repro diff: x -->\n# two\n${nasty.join('\n')}`;
  const file = 'a-->`|@b.lock';
  const content = lockfile([], { note, labels, build: { dockerfile: 'x`|<b>' } });
  const ports = memoryPorts({
    'a.lock': serializeLockfile(lockfile([])),
    [file]: serializeLockfile(content),
  });
  const { stdout, stderr } = await repro(ports, 'diff', 'a.lock', file, '--format', 'markdown');
  t.is(stderr, '');
  const [marker, ...lines] = stdout.trimEnd().split('\n');
  t.is(marker, '<!-- repro diff: a--%3E%60%7C%40b.lock -->');
  const value = String.raw`(?:\x60[^\x60|\n]+\x60|<code>(?:[A-Za-z0-9 ]|&#\d+;)*</code>)`;
  for (const line of lines)
    t.regex(
      line,
      new RegExp(`^(?:|### ${value}: no package changed|${value} → ${value}|- ${value}: none → ${value})$`),
    );
  t.is(lines.length, nasty.length + 6);
  // The same on a terminal: nothing acts on it.
  t.notRegex((await repro(ports, 'diff', 'a.lock', file)).stdout, /[^\n\P{C}]/u);
});

test('another base is not a base that moved', async (t) => {
  const other = lockfile(before.platform?.[0]?.packages ?? [], {
    packages: before.packages,
    base: { ...before.base, image: 'docker.io/library/debian:sid', digest: `sha256:${'1'.repeat(64)}` },
  });
  const ports = memoryPorts({ 'a.lock': old, 'b.lock': serializeLockfile(other) });
  const lines = [
    '~ base.image: docker.io/library/debian:trixie-slim -> docker.io/library/debian:sid',
    '~ base: ',
  ];
  const { stdout } = await repro(ports, 'diff', 'a.lock', 'b.lock');
  t.true(stdout.startsWith(`a.lock -> b.lock\n${lines.join('\n')}`), stdout);
});

test('sizes', (t) => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1049, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [-1500, '-1.5 kB'],
    [5_120_000_000, '5.1 GB'],
    [9_007_199_254_740_991, '9007.2 TB'],
  ];
  for (const [size, text] of cases) t.is(bytes(size), text);
  t.deepEqual(
    [growth({ from: 1, to: 1 }), growth({ from: 1, to: 3 }), growth({ from: 3, to: 1 })],
    ['', '+2 B', '-2 B'],
  );
  t.deepEqual(
    [sizeText({ from: 0, to: 3 }), sizeText({ from: 1, to: 3 }), sizeText({ from: 3, to: 3 })],
    ['3 B', '3 B (+2 B)', '3 B'],
  );
});

test("git's external diff driver, and its textconv", async (t) => {
  const ports = repository();
  ports.texts.set('/tmp/x_repro.lock', old);
  ports.texts.set('conflict', '<<<<<<< HEAD\n');
  const [id, zero] = ['1234567890abcdef', '0'.repeat(40)];
  const cases: [args: string[], line: string][] = [
    [
      ['repro.lock', '/tmp/x_repro.lock', id, '100644', 'repro.lock', zero, '100644'],
      'repro.lock: 1234567890ab -> working file',
    ],
    [
      ['a', '/tmp/x_repro.lock', id, '100644', 'repro.lock', zero, '100644', 'b', 'similarity index 90%'],
      'a: 1234567890ab -> working file',
    ],
    [
      ['repro.lock', '/dev/null', '.', '.', 'repro.lock', zero, '100644'],
      'repro.lock: no lockfile -> working file',
    ],
    [
      ['repro.lock', 'old.lock', id, '100644', '/dev/null', '.', '.'],
      'repro.lock: 1234567890ab -> no lockfile',
    ],
    [
      ['repro.lock', 'repro.lock', id, '100644', 'repro.lock', zero, '100755'],
      'repro.lock: no difference between 1234567890ab and working file',
    ],
    [['repro.lock'], 'repro.lock is not merged yet; git diff --no-ext-diff shows its lines'],
    [
      ['repro.lock', 'old.lock', id, '100644', 'conflict', zero, '100644'],
      "repro.lock can't be compared: the lockfile has the conflict markers of an unfinished merge, in line 1; git diff --no-ext-diff shows its lines",
    ],
  ];
  for (const [args, line] of cases) {
    const { exitCode, stdout, stderr } = await repro(ports, 'diff', '--driver', ...args);
    t.deepEqual([exitCode, stdout.split('\n')[0], stderr], [0, line, ''], args.join(' '));
  }
  const { stdout } = await repro(ports, 'diff', '--textconv', 'repro.lock');
  const lines = stdout.split('\n');
  t.deepEqual(lines.slice(0, 8), [
    'image: registry.example/team/app:v1',
    'distro: debian',
    'platforms: linux/amd64',
    'packages: git',
    'packages: jq',
    'base.image: docker.io/library/debian:trixie-slim',
    'base.release: 13',
    'base.created: 2026-11-24T00:00:00Z',
  ]);
  t.true(
    lines.includes(
      `linux/amd64: jq 1.7.1-6+deb13u4 amd64, 78.9 kB, asked for, sha256:${/name = "jq".*sha256 = "(\w+)/.exec(current)?.[1]}`,
    ),
  );
  t.regex(stdout, /^linux\/amd64: libjq1 1\.7\.1-6\+deb13u4 amd64, 167\.8 kB, source jq, sha256:\w{64}$/m);
  // Each fact of the lockfile is on a line.
  for (const [fact] of current.matchAll(/sha256:\w{64}|"\w{64}"/g))
    t.true(stdout.includes(fact.replaceAll('"', '')), fact);
  t.is((await repro(ports, 'diff', '--textconv', 'conflict')).stdout, '<<<<<<< HEAD\n');
  t.regex(
    (await repro(ports, 'diff', '--textconv', 'nope')).stderr,
    /^error: there is no file nope \[E_NO_LOCKFILE\]/,
  );
});
