import { readFileSync } from 'node:fs';
import test from 'ava';
import { dnf } from '../../src/distro/dnf.ts';
import * as rules from '../../src/distro/index.ts';
import { fileName } from '../../src/distro/rpm/inventory.ts';
import { zypper } from '../../src/distro/zypper.ts';
import { ReproError } from '../../src/errors.ts';
import { parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Package } from '../../src/model.ts';

const jq: Package = {
  name: 'jq',
  version: '1.7.1-8.fc42',
  arch: 'x86_64',
  sha256: 'a'.repeat(64),
  size: 190233,
};

const everywhere = [
  'jq',
  'gcc-c++',
  'libstdc++',
  'python3.12',
  '389-ds-base',
  'NetworkManager',
  '_x',
  'glibc.i686',
];
const provided = ['pkgconfig(zlib)', 'perl(JSON::PP)', 'libz.so.1()(64bit)', 'python3dist(requests)'];
const files = ['/usr/bin/gcc', '/usr/lib/sendmail.postfix', '/usr/bin/g++'];
const wrong: [string, RegExp][] = [
  ['', /no request/],
  ['-y', /no request/],
  ['--nogpgcheck', /no request/],
  ['+jq', /no request/],
  ['!jq', /no request/],
  ['jq; id', /no request/],
  ['$(id)', /no request/],
  ['pkgconfig($(id))', /no request/],
  ['jq\nid', /no request/],
  ["jq'", /no request/],
  ['/usr/bin/a b', /no request/],
  ['jq=', /no request/],
  ['@development', /group or a module/],
  ['@nodejs:18', /group or a module/],
  ['pattern:devel_basis', /kind of thing/],
  ['patch:openSUSE-2025-1', /kind of thing/],
  ['jq>=1.7', /range of versions/],
  ['jq<2', /range of versions/],
  ['jq*', /pattern/],
  ['/usr/bin/jq?', /pattern/],
  ['jq{,-devel}', /pattern/],
  ['./jq-1.7.1-8.fc42.x86_64.rpm', /is a file/],
  ['https://example.org/jq', /is a file/],
];

test('requests', (t) => {
  const versions = [
    'jq-1.7.1',
    'jq-1.7.1-8.fc42',
    'jq-1.7.1-8.fc42.x86_64',
    'vim-2:9.1.1-1',
    'x-2:9.1~rc1',
    'x-1^git2-1',
  ];
  for (const request of [...everywhere, ...provided, ...files, ...versions])
    t.is(dnf.checkRequest(request), undefined, request);
  for (const request of [...everywhere, ...provided, 'jq=1.7.1', 'jq=1.7.1-8.1', 'vim=2:9.1~rc1^git2-1'])
    t.is(zypper.checkRequest(request), undefined, request);
  for (const [request, message] of [...wrong, ['jq=1.7', /no request: name, name-version/] as const])
    t.regex(dnf.checkRequest(request) ?? '', message, request);
  const paths = files.map((file) => [file, /is a path: name the package/] as const);
  for (const [request, message] of [
    ...wrong,
    ...paths,
    ['vim-2:9.1-1', /no request: name, name\.arch/] as const,
  ])
    t.regex(zypper.checkRequest(request) ?? '', message, request);
});

test('packages', (t) => {
  const good: Partial<Package>[] = [
    {},
    { name: 'libstdc++', source: 'gcc' },
    { name: 'NetworkManager', version: '1:1.52.0-1.fc42' },
    { version: '0.1~rc1^git20240101.abc-150500.1.2', arch: 'noarch' },
    { name: '_x', version: '1_2-1_3' },
  ];
  for (const change of good) t.is(dnf.checkPackage({ ...jq, ...change }), undefined, JSON.stringify(change));
  const bad: [Partial<Package>, string][] = [
    [{ name: '-jq' }, 'name'],
    [{ name: '../jq' }, 'name'],
    [{ name: 'jq(x)' }, 'name'],
    [{ version: '1.7' }, 'version'],
    [{ version: '0:1.7-1' }, 'version'],
    [{ version: '1:2:3-1' }, 'version'],
    [{ version: '1-2-3' }, 'version'],
    [{ version: '1/2-1' }, 'version'],
    [{ version: '1 2-1' }, 'version'],
    [{ arch: '../noarch' }, 'arch'],
    [{ source: '-x' }, 'source'],
  ];
  for (const [change, field] of bad)
    t.is(zypper.checkPackage({ ...jq, ...change })?.field, field as keyof Package, JSON.stringify(change));
});

test('names of package files', (t) => {
  t.is(fileName(jq), 'jq-1.7.1-8.fc42.x86_64.rpm');
  t.is(fileName({ ...jq, version: '12:1~rc1^git-1' }), 'jq-1~rc1^git-1.x86_64.rpm');
});

test('the inventory', (t) => {
  const text = `jq\t1.7.1-8.fc42\tx86_64\t${jq.sha256}\t190233\tjq\tfedora
NetworkManager-libnm\t1:1.52.0-1.fc42\tx86_64\t${'b'.repeat(64)}\t1\tNetworkManager\t
bare\t1-1\tnoarch\t${'c'.repeat(64)}\t2\t(none)
`;
  t.deepEqual(dnf.readInventory(text), [
    jq,
    {
      name: 'NetworkManager-libnm',
      version: '1:1.52.0-1.fc42',
      arch: 'x86_64',
      sha256: 'b'.repeat(64),
      size: 1,
      source: 'NetworkManager',
    },
    { name: 'bare', version: '1-1', arch: 'noarch', sha256: 'c'.repeat(64), size: 2 },
  ]);
  t.deepEqual(dnf.readInventory(''), []);
  const error = t.throws(() => dnf.readInventory('jq\t1-1\tx86_64\n'), { instanceOf: ReproError });
  t.is(error?.code, 'E_INVENTORY');
  t.is(error?.message, 'the package list of the cache image has a line that is none: "jq"');
});

test('weak dependencies', (t) => {
  const options = (family: typeof dnf, recommends?: boolean) =>
    ['collect', 'install'].map((step) => {
      const intent = { requests: ['jq'], recommends };
      const { script } = step === 'collect' ? family.collect(intent) : family.install(intent, []);
      return /install_weak_deps=\w+|--(?:no-)?recommends/.exec(script)?.[0];
    });
  t.deepEqual(options(dnf), [undefined, undefined]);
  t.deepEqual(options(dnf, true), ['install_weak_deps=True', 'install_weak_deps=True']);
  t.deepEqual(options(dnf, false), ['install_weak_deps=False', 'install_weak_deps=False']);
  t.deepEqual(options(zypper), [undefined, undefined]);
  t.deepEqual(options(zypper, true), ['--recommends', '--recommends']);
  t.deepEqual(options(zypper, false), ['--no-recommends', '--no-recommends']);
});

test('distros and architectures', (t) => {
  for (const distro of ['fedora', 'rocky', 'almalinux', 'centos', 'rhel', 'ol', 'amzn'])
    t.is(rules.familyOf(distro), dnf, distro);
  for (const distro of ['opensuse-leap', 'opensuse-tumbleweed', 'sles'])
    t.is(rules.familyOf(distro), zypper, distro);
  t.is(dnf.architecture('linux/amd64'), 'x86_64');
  t.is(dnf.architecture('linux/arm/v7'), 'armv7hl');
  t.is(zypper.architecture('linux/arm64'), 'aarch64');
  t.is(zypper.architecture('linux/arm/v5'), undefined);
});

test('the examples', async (t) => {
  for (const name of ['fedora', 'rocky', 'opensuse']) {
    const text = readFileSync(`test/fixtures/lockfiles/${name}.lock`, 'utf8');
    t.is(serializeLockfile(await parseLockfile(text, `${name}.lock`, rules)), text);
  }
});
