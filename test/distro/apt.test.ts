import test from 'ava';
import { fileName } from '../../src/distro/apt/inventory.ts';
import { apt } from '../../src/distro/apt.ts';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { shellWord } from '../../src/distro/shell.ts';
import { ReproError } from '../../src/errors.ts';
import type { Package } from '../../src/model.ts';

const hello: Package = {
  name: 'hello',
  version: '2.10-5',
  arch: 'amd64',
  sha256: 'a'.repeat(64),
  size: 53228,
};

/** A request, and what is wrong with it. */
const requests: [string, RegExp?][] = [
  ...[
    'jq',
    'g++',
    'libstdc++6',
    'python3.13',
    '0ad',
    'jq=1.7.1-6',
    'gcc=4:14.2.0-1',
    'a0=1~rc1+dfsg-1.1',
  ].map((name): [string] => [name]),
  ...['libc6:amd64', 'libc6:arm64=2.41-12', 'git/trixie-backports', 'git:amd64/sid', 'x11-common'].map(
    (name): [string] => [name],
  ),
  ['jq-', /asks apt to remove/],
  ['', /no apt request/],
  ['a', /no apt request/],
  ['JQ', /no apt request/],
  ['-y', /no apt request/],
  ['--allow-unauthenticated', /no apt request/],
  ['jq; id', /no apt request/],
  ['$(id)', /no apt request/],
  ['jq\nid', /no apt request/],
  ['jq=', /no apt request/],
  ['jq=~1', /pattern|no apt request/],
  ['jq/', /no apt request/],
  ['jq*', /pattern or a task/],
  ['~njq', /pattern or a task/],
  ['?name(jq)', /pattern or a task/],
  ['^jq$', /pattern or a task/],
  ['ssh-server^', /pattern or a task/],
  ['./jq.deb', /is a file/],
];

test('requests', (t) => {
  for (const [request, wrong] of requests) {
    const problem = apt.checkRequest(request);
    if (wrong === undefined) t.is(problem, undefined, request);
    else t.regex(problem ?? '', wrong, request);
  }
});

test('packages', (t) => {
  t.is(apt.checkPackage(hello), undefined);
  t.is(
    apt.checkPackage({ ...hello, version: '1:2.3~rc1+dfsg-4.1', arch: 'all', source: 'g++-defaults' }),
    undefined,
  );
  const fields: [Partial<Package>, string][] = [
    [{ name: 'Hello' }, 'name'],
    [{ name: '../hello' }, 'name'],
    [{ name: 'hello_world' }, 'name'],
    [{ version: 'a1' }, 'version'],
    [{ version: '1/2' }, 'version'],
    [{ version: '1 2' }, 'version'],
    [{ arch: 'x86_64' }, 'arch'],
    [{ source: 'Hello' }, 'source'],
  ];
  for (const [change, field] of fields)
    t.is(apt.checkPackage({ ...hello, ...change })?.field, field as keyof Package, JSON.stringify(change));
});

test('names of package files, as apt keeps them', (t) => {
  t.is(fileName(hello), 'hello_2.10-5_amd64.deb');
  t.is(fileName({ ...hello, version: '1:2.3~rc1+b2' }), 'hello_1%3a2.3~rc1+b2_amd64.deb');
});

test('the inventory', (t) => {
  const text = `Package: hello
Version: 2.10-5
Architecture: amd64
Section: devel
Size: 53228
SHA256: ${hello.sha256}
Filename: hello_2.10-5_amd64.deb

Package: libjq1
Source: jq (1.7.1-6)
Version: 1.7.1-6+b1
Architecture: amd64
Size: 1
SHA256: ${'b'.repeat(64)}

`;
  t.deepEqual(apt.readInventory(text), [
    hello,
    { name: 'libjq1', version: '1.7.1-6+b1', arch: 'amd64', sha256: 'b'.repeat(64), size: 1, source: 'jq' },
  ]);
  t.deepEqual(apt.readInventory(''), []);
  const error = t.throws(() => apt.readInventory('Package: hello\nVersion: 1\n'), { instanceOf: ReproError });
  t.is(error?.code, 'E_INVENTORY');
  t.is(
    error?.message,
    'the package list of the cache image has a package without Architecture: "Package: hello"',
  );
});

test('distros and architectures', (t) => {
  t.is(familyOf('ubuntu'), apt);
  t.is(familyOf('toString'), undefined);
  t.true(knownDistros.includes('debian'));
  t.is(apt.architecture('linux/amd64'), 'amd64');
  t.is(apt.architecture('linux/arm/v7'), 'armhf');
  t.is(apt.architecture('linux/arm/v6'), undefined);
});

test('shell words', (t) => {
  t.is(shellWord('gcc=4:14.2.0-1'), 'gcc=4:14.2.0-1');
  t.is(shellWord(''), "''");
  t.is(shellWord("it's $(id)"), "'it'\\''s $(id)'");
});
