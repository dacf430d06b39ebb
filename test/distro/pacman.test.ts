import { readFileSync } from 'node:fs';
import test from 'ava';
import * as rules from '../../src/distro/index.ts';
import { fileName } from '../../src/distro/pacman/inventory.ts';
import { pacman } from '../../src/distro/pacman.ts';
import { ReproError } from '../../src/errors.ts';
import { parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Package } from '../../src/model.ts';

const git: Package = {
  name: 'git',
  version: '2.52.0-1',
  arch: 'x86_64',
  sha256: 'a'.repeat(64),
  size: 6781022,
};

test('requests', (t) => {
  const good = [
    'git',
    'g++',
    'gtk-sharp-2',
    'lib32-glibc',
    '0ad',
    'Xorg',
    'python=1:3.14.0-1',
    'jq=1.8.1',
    'extra/git',
  ];
  for (const request of [...good, 'core/linux=6.17.arch1-1', 'r=4.5.2-1.1', 'o++d@d_na.me', 'base-devel'])
    t.is(pacman.checkRequest(request), undefined, request);
  const wrong: [string, RegExp][] = [
    ['', /no pacman request/],
    ['-Rdd', /no pacman request/],
    ['--config=x', /no pacman request/],
    ['.git', /no pacman request/],
    ['git; id', /no pacman request/],
    ['$(id)', /no pacman request|pattern/],
    ['git\nid', /no pacman request/],
    ['a/b/c', /no pacman request/],
    ['git=', /no pacman request/],
    ['git>=2', /range of versions/],
    ['git*', /pattern/],
    ['^git$', /pattern/],
    ['./git-2-1-any.pkg.tar.zst', /is a file/],
    ['https://example.org/git', /is a file/],
  ];
  for (const [request, message] of wrong) t.regex(pacman.checkRequest(request) ?? '', message, request);
});

test('packages', (t) => {
  const good: Partial<Package>[] = [
    {},
    { version: '1:3.14.0-1.1' },
    { version: '0.1.r5.gabc+d~e^f-2', arch: 'any' },
    { name: 'o++d@d_na.me', source: 'libreoffice' },
  ];
  for (const change of good)
    t.is(pacman.checkPackage({ ...git, ...change }), undefined, JSON.stringify(change));
  const wrong: [Partial<Package>, string][] = [
    [{ name: '-git' }, 'name'],
    [{ name: '.git' }, 'name'],
    [{ name: '../git' }, 'name'],
    [{ version: '1' }, 'version'],
    [{ version: '1-r0' }, 'version'],
    [{ version: '1:2:3-1' }, 'version'],
    [{ version: '1/2-1' }, 'version'],
    [{ version: '1-2-1' }, 'version'],
    [{ arch: '../any' }, 'arch'],
    [{ source: '-x' }, 'source'],
  ];
  for (const [change, field] of wrong)
    t.is(pacman.checkPackage({ ...git, ...change })?.field, field as keyof Package, JSON.stringify(change));
});

test('names of package files', (t) => {
  t.is(fileName(git), 'git-2.52.0-1-x86_64.pkg.tar');
  t.is(fileName({ ...git, version: '1:2-1' }), 'git-1:2-1-x86_64.pkg.tar');
});

test('the inventory', (t) => {
  const text = `pkgname = git
pkgbase = git
pkgver = 2.52.0-1
arch = x86_64
filesize = 6781022
sha256sum = ${git.sha256}
pgpsig = iHU=
repository = extra

pkgname = systemd-libs
pkgbase = systemd
pkgver = 258.2-2
arch = x86_64
filesize = 1
sha256sum = ${'b'.repeat(64)}

`;
  t.deepEqual(pacman.readInventory(text), [
    git,
    {
      name: 'systemd-libs',
      version: '258.2-2',
      arch: 'x86_64',
      sha256: 'b'.repeat(64),
      size: 1,
      source: 'systemd',
    },
  ]);
  t.deepEqual(pacman.readInventory(''), []);
  const error = t.throws(() => pacman.readInventory('pkgname = git\npkgver = 1-1\n'), {
    instanceOf: ReproError,
  });
  t.is(error?.code, 'E_INVENTORY');
  t.is(error?.message, 'the package list of the cache image has a package without arch: "pkgname = git"');
});

test('distros and architectures', (t) => {
  t.is(rules.familyOf('manjaro'), pacman);
  t.is(pacman.architecture('linux/amd64'), 'x86_64');
  t.is(pacman.architecture('linux/arm/v7'), 'armv7h');
  t.is(pacman.architecture('linux/s390x'), undefined);
});

test('the example', async (t) => {
  const text = readFileSync('test/fixtures/lockfiles/arch.lock', 'utf8');
  t.is(serializeLockfile(await parseLockfile(text, 'arch.lock', rules)), text);
});
