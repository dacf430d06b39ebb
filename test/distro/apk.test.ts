import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { fileName } from '../../src/distro/apk/inventory.ts';
import { apk } from '../../src/distro/apk.ts';
import * as rules from '../../src/distro/index.ts';
import { compareWithLock } from '../../src/distro/steps.ts';
import { ReproError } from '../../src/errors.ts';
import { parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Package } from '../../src/model.ts';

const jq: Package = { name: 'jq', version: '1.8.1-r0', arch: 'x86_64', sha256: 'a'.repeat(64), size: 150122 };
const oniguruma: Package = { ...jq, name: 'oniguruma', version: '6.9.10-r0', sha256: 'b'.repeat(64) };

test('requests', (t) => {
  const good = [
    'jq',
    'g++',
    'py3-pip',
    'libstdc++',
    '7zip',
    'jq=1.8.1-r0',
    'jq~1.8',
    'jq=~1.8',
    'jq@edge',
    'cmd:jq',
  ];
  for (const request of [
    ...good,
    'so:libc.musl-x86_64.so.1',
    'pc:zlib',
    'py3.12:pip',
    'a=1.2b_rc1_p2~abc-r3',
  ])
    t.is(apk.checkRequest(request), undefined, request);
  const wrong: [string, RegExp][] = [
    ['', /no apk request/],
    ['-U', /no apk request/],
    ['--allow-untrusted', /no apk request/],
    ['jq; id', /no apk request/],
    ['jq\nid', /no apk request/],
    ['jq=', /no apk request/],
    ['jq=x', /no apk request/],
    ['.deps', /no apk request/],
    ['!jq', /conflict/],
    ['jq>1', /range of versions/],
    ['jq<=1', /range of versions/],
    ['jq*', /pattern/],
    ['/bin/sh', /is a path/],
    ['./jq-1.8.1-r0.apk', /is a file/],
    ['https://example.org/jq.apk', /is a file/],
  ];
  for (const [request, message] of wrong) t.regex(apk.checkRequest(request) ?? '', message, request);
});

test('packages', (t) => {
  const good: Partial<Package>[] = [
    {},
    { version: '20250101', arch: 'noarch' },
    { version: '1.2.3a_alpha1_git20250101~0a1b2c3-r12' },
    { name: 'libstdc++', source: 'gcc' },
  ];
  for (const change of good) t.is(apk.checkPackage({ ...jq, ...change }), undefined, JSON.stringify(change));
  const wrong: [Partial<Package>, string][] = [
    [{ name: '.deps' }, 'name'],
    [{ name: '../jq' }, 'name'],
    [{ version: 'a1' }, 'version'],
    [{ version: '1:2-r0' }, 'version'],
    [{ version: '1-0' }, 'version'],
    [{ version: '1/2' }, 'version'],
    [{ arch: '../x86' }, 'arch'],
    [{ source: '-x' }, 'source'],
  ];
  for (const [change, field] of wrong)
    t.is(apk.checkPackage({ ...jq, ...change })?.field, field as keyof Package, JSON.stringify(change));
});

test('the inventory', (t) => {
  t.is(fileName(jq), 'jq-1.8.1-r0.apk');
  const text = `P:jq\nV:1.8.1-r0\nA:x86_64\no:jq\nS:150122\nsha256:${jq.sha256}\n\nP:libcurl\nV:8-r1\nA:x86_64\no:curl\nS:1\nsha256:${'b'.repeat(64)}\n\n`;
  t.deepEqual(apk.readInventory(text), [
    jq,
    { name: 'libcurl', version: '8-r1', arch: 'x86_64', sha256: 'b'.repeat(64), size: 1, source: 'curl' },
  ]);
  t.deepEqual(apk.readInventory(''), []);
  const error = t.throws(() => apk.readInventory('P:jq\nV:1\n'), { instanceOf: ReproError });
  t.is(error?.code, 'E_INVENTORY');
  t.is(error?.message, 'the package list of the cache image has a package without A: "P:jq"');
});

test('distros and architectures', (t) => {
  t.is(rules.familyOf('wolfi'), apk);
  t.is(apk.architecture('linux/arm64'), 'aarch64');
  t.is(apk.architecture('linux/arm/v6'), 'armhf');
  t.is(apk.architecture('linux/mips64le'), undefined);
});

test('the example', async (t) => {
  const text = readFileSync('test/fixtures/lockfiles/alpine.lock', 'utf8');
  t.is(serializeLockfile(await parseLockfile(text, 'alpine.lock', rules)), text);
});

test('the scripts are for any POSIX shell', (t) => {
  const intent = { requests: ["it's", 'jq~1.8'] };
  for (const { script } of [
    apk.collect(intent),
    apk.describe(),
    apk.install(intent, [jq]),
    apk.install(intent, undefined),
  ]) {
    t.true(script.startsWith('#!/bin/sh\n'));
    execFileSync('sh', ['-n'], { input: script });
  }
});

/** Lines of the cache; what the comparison prints. */
const comparisons: [string, string[], string[]?][] = [
  ['the same', [`${oniguruma.sha256}  oniguruma-6.9.10-r0.apk`, `${jq.sha256}  jq-1.8.1-r0.apk`]],
  [
    'changed, missing, extra',
    [`${'c'.repeat(64)}  jq-1.8.1-r0.apk`, `${'d'.repeat(64)}  a file`],
    [
      `+${'d'.repeat(64)}  a file`,
      `-${jq.sha256}  jq-1.8.1-r0.apk`,
      `+${'c'.repeat(64)}  jq-1.8.1-r0.apk`,
      `-${oniguruma.sha256}  oniguruma-6.9.10-r0.apk`,
    ],
  ],
  ['nothing', [], [`-${jq.sha256}  jq-1.8.1-r0.apk`, `-${oniguruma.sha256}  oniguruma-6.9.10-r0.apk`]],
];

for (const [what, cache, difference] of comparisons) {
  test(`the comparison with the lock: ${what}`, (t) => {
    const tmp = mkdtempSync(join(tmpdir(), 'repro-compare-'));
    t.teardown(() => rmSync(tmp, { recursive: true }));
    writeFileSync(join(tmp, 'cache'), cache.map((line) => `${line}\n`).join(''));
    const script = `set -eu\n${compareWithLock([jq, oniguruma], fileName)}`;
    const { status, stderr } = spawnSync('sh', ['-c', script], {
      env: { ...process.env, tmp, LC_ALL: 'C' },
      encoding: 'utf8',
    });
    t.is(status, difference === undefined ? 0 : 1);
    const error =
      'ERROR: the package cache is not what repro.lock says (- locked, + in the cache); nothing was installed';
    t.is(stderr, difference === undefined ? '' : `${[...difference, error].join('\n')}\n`);
  });
}

test('the comparison with an empty lock', (t) => {
  const tmp = mkdtempSync(join(tmpdir(), 'repro-compare-'));
  t.teardown(() => rmSync(tmp, { recursive: true }));
  const script = `set -eu\n${compareWithLock([], fileName)}`;
  const compare = () => spawnSync('sh', ['-c', script], { env: { ...process.env, tmp, LC_ALL: 'C' } }).status;
  writeFileSync(join(tmp, 'cache'), '');
  t.is(compare(), 0);
  writeFileSync(join(tmp, 'cache'), `${jq.sha256}  jq-1.8.1-r0.apk\n`);
  t.is(compare(), 1);
});
