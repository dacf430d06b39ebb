import anyTest, { type TestFn } from 'ava';
import type { Attack } from './attacks.ts';
import { familyAttackTests, familyTests } from './family.ts';
import { pacmanBaseDockerfile } from './pacman-base.ts';
import { engineOf, newProject, ok } from './project.ts';

const test = anyTest as TestFn;

/** An inventory that fits the other package in the cache: its hash, and a signature, if any. */
const adjust = `adjust() {
  sum=$(sha256sum <"$1" | cut -c-64)
  awk -v name="$2" -v sum="$sum" -v sig="$3" '
    $1 == "pkgname" { it = $3 == name }
    it && $1 == "sha256sum" { $3 = sum }
    it && $1 == "pgpsig" { if (sig == "") next; $3 = sig }
    { print }' INVENTORY >/tmp/inventory
  cp /tmp/inventory INVENTORY
}`;

/** Another greet with a script of its own. */
const evil = String.raw`${adjust}
mkdir /tmp/evil && cd /tmp/evil
bsdtar -xf /cache/greet-1.1-1-x86_64.pkg.tar
printf 'post_install() { echo EVIL RUNS; }\n' >.INSTALL
bsdtar -cf /cache/greet-1.1-1-x86_64.pkg.tar .PKGINFO .INSTALL usr
cd /cache`;

const signedByAnother = `${evil}
mkdir -m 700 /tmp/key
gpg -q --homedir /tmp/key --batch --passphrase '' --quick-generate-key 'Packager <packager@example.org>' rsa2048 sign never
adjust greet-1.1-1-x86_64.pkg.tar greet "$(gpg -q --homedir /tmp/key --detach-sign --no-armor -o - greet-1.1-1-x86_64.pkg.tar | base64 -w0)"`;

const unsigned = `${evil}\nadjust greet-1.1-1-x86_64.pkg.tar greet ''`;

const olderUnderNewName = `${adjust}
cp /srv/repo/archive/greet-1.0-1-x86_64.pkg.tar.zst greet-1.1-1-x86_64.pkg.tar
adjust greet-1.1-1-x86_64.pkg.tar greet "$(base64 -w0 /srv/repo/archive/greet-1.0-1-x86_64.pkg.tar.zst.sig)"`;

const names =
  /-[0-9a-f]{64} {2}greet-1\.1-1-x86_64\.pkg\.tar\n[\s\S]*\+[0-9a-f]{64} {2}greet-1\.1-1-x86_64\.pkg\.tar\n/;

const attacks: Attack[] = [
  {
    what: 'a flipped byte',
    change: 'printf X | dd of=greet-1.1-1-x86_64.pkg.tar bs=1 seek=300 conv=notrunc status=none',
    names,
  },
  {
    what: 'older, properly signed',
    change: 'rm greet-*; cp /srv/repo/archive/greet-1.0-1-x86_64.pkg.tar.zst greet-1.0-1-x86_64.pkg.tar',
    names:
      /-[0-9a-f]{64} {2}greet-1\.1-1-x86_64\.pkg\.tar\n[\s\S]*\+[0-9a-f]{64} {2}greet-1\.0-1-x86_64\.pkg\.tar\n/,
  },
  {
    what: 'a missing file',
    change: 'rm libgreet-*',
    names: /-[0-9a-f]{64} {2}libgreet-1:2\.0-1\.1-x86_64\.pkg\.tar/,
  },
  {
    what: 'an extra file',
    change: 'cp /srv/repo/extra/wave-1-1-any.pkg.tar.gz wave-1-1-any.pkg.tar',
    names: /\+[0-9a-f]{64} {2}wave-1-1-any\.pkg\.tar/,
  },
];

const withLock: [Attack, RegExp][] = [
  [
    { what: 'signed by an unknown key', change: signedByAnother, names },
    /ERROR: greet-1\.1-1-x86_64\.pkg\.tar is not signed by a key of the base image/,
  ],
  [{ what: 'unsigned', change: unsigned, names }, /ERROR: greet-1\.1-1-x86_64\.pkg\.tar has no signature/],
  [
    { what: 'older, properly signed, under the new name', change: olderUnderNewName, names },
    /ERROR: greet-1\.1-1-x86_64\.pkg\.tar: the package in it is greet-1\.0-1-x86_64/,
  ],
];

/** pacman 6 and 7. */
export function pacmanTests(suite: string): void {
  const engine = engineOf(suite);
  const { registry } = engine;
  const versions = ['7', '6'];

  test.serial('pacman: the base images', async (t) => {
    const project = await newProject(t, engine);
    await project.write('Dockerfile', pacmanBaseDockerfile(registry));
    for (const version of versions) {
      const args = ['--provenance=false', '--push', '-t', `${registry}/arch:${version}`];
      await ok(t, project.docker('buildx', 'build', ...args, '--target', `pacman${version}`, '.'));
    }
  });

  for (const version of versions) {
    familyTests(engine, {
      name: `pacman${version}`,
      base: `arch:${version}`,
      release: /arch \(Arch Linux\)/,
      version: "pacman --version | sed -n 's/.*Pacman v\\(.*\\) - .*/pacman \\1/p'",
      old: 'greet=1.0-1',
      // One that the base has already, and a group.
      packages: ['extra/greet', 'noise', 'stay', 'tools'],
      locked: ['greet 1.1-1', 'noise 20240101+r5~g1-1', 'o++d@d_na.me 0.1.r5.gabc-1', 'wave 1-1'],
      online: (packages, epoch) => `pacman -Syu --needed --noconfirm ${packages} \\
  && rm -rf /var/lib/pacman/sync /var/cache/pacman/pkg/* \\
  && sed -i '/^%INSTALLDATE%$/{n;s/.*/${epoch}/}' $(ls -d /var/lib/pacman/local/*/desc | grep -v /stay-)`,
      differs: /^(var\/(log\/pacman\.log|cache\/ldconfig\/aux-cache)|etc\/pacman\.d\/gnupg\/.*)$/,
      state:
        'pacman -Qe; echo --; pacman -Qd; echo --; pacman -Qk; cat /var/lib/hook-ran /var/lib/greet/version /var/lib/greet/epoch',
      scripts: (epoch) => `\n1.1-1\n${epoch}\n`,
    });
  }

  familyAttackTests(engine, {
    name: 'pacman',
    base: 'arch:7',
    attacks,
    withLock,
    touched: /#\d+ [\d.]+ (installing|upgrading|SCRIPT|EVIL)/,
    lie: String.raw`sed -i 's/^pkgver = .*/pkgver = 9-9/; s/^arch = .*/arch = any\nreplaces = stay\ndepend = none/' INVENTORY
printf '\npkgname = stay\npkgver = 2-1\nfilename = stay\n' >>INVENTORY`,
  });
}
