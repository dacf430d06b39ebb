import anyTest, { type TestFn } from 'ava';
import type { Attack } from './attacks.ts';
import { familyAttackTests, familyTests, type Variant } from './family.ts';
import { engineOf, newProject, ok } from './project.ts';
import { rpmBaseDockerfile } from './rpm-base.ts';

const test = anyTest as TestFn;

const rpmdb = 'usr/lib/sysimage/rpm|var/lib/rpm';
const always = `(${rpmdb})/rpmdb\\.sqlite(-shm|-wal)?|var/cache/ldconfig/aux-cache`;
const state = (
  reasons: string,
) => `rpm -qa --qf '%{NEVRA} %{INSTALLTIME} %{SIGPGP:pgpsig}%{RSAHEADER:pgpsig}\\n' | sort
rpm -Va
echo --
${reasons} | sort
cat /var/lib/greet/* /var/lib/noise/*`;

const common = {
  packages: ['greet', '/usr/bin/new-name', 'noise', 'o++d.na_me', 'stay', 'virtual(wave)'],
  locked: [
    ...['base-thing 1.1-1', 'greet 1.1-1', 'new-name 2.0-1', 'noise 20240101^git1.abc-1.x'],
    ...['o++d.na_me 0.1+r5-1', 'wave 1-1'],
  ],
  scripts: (epoch: string) => `\n${epoch} 1\n${epoch} 1\ntriggered\nwave\n`,
};

const variants: Variant[] = [
  {
    ...common,
    name: 'dnf4',
    base: 'rocky:test',
    release: /rocky \(Rocky Linux 9\.6 \(Blue Onyx\)\)/,
    version: 'echo "dnf $(dnf --version | head -n 1), $(rpm --version)"',
    old: 'greet-1.0',
    online: (packages) => `dnf -y install ${packages}`,
    differs: new RegExp(
      `^(${always}|var/lib/dnf/history\\.sqlite(-shm|-wal)?|var/cache/dnf/.*|var/log/(dnf.*|hawkey)\\.log)$`,
    ),
    state: state("dnf -q -C repoquery --installed --qf '%{name} %{reason} %{from_repo}'"),
  },
  {
    ...common,
    name: 'dnf5',
    base: 'fedora:test',
    release: /fedora \(Fedora Linux 42 \(Container Image\)\)/,
    version: 'echo "$(dnf5 --version | head -n 1), $(rpm --version)"',
    old: 'greet-1.0-1',
    online: (packages) => `dnf5 -y --no-plugins install ${packages}`,
    differs: new RegExp(
      `^(${always}|usr/lib/sysimage/libdnf5/transaction_history\\.sqlite.*|var/cache/libdnf5/.*|var/log/dnf5\\.log)$`,
    ),
    state: state("dnf5 -q repoquery --installed --qf '%{name} %{reason} %{from_repo}\\n'"),
  },
  {
    ...common,
    name: 'zypper',
    packages: ['greet', 'new-name', 'noise', 'o++d.na_me', 'stay', 'virtual(wave)'],
    base: 'opensuse:test',
    release: /opensuse-leap \(openSUSE Leap 15\.6\)/,
    version: 'echo "$(zypper --version), $(rpm --version)"',
    old: 'greet=1.0',
    online: (packages) => `zypper --non-interactive install ${packages}`,
    differs: new RegExp(
      `^(${always}|var/lib/zypp/A(nonymousUniqueId|utoInstalled)|var/cache/zypp/.*|var/log/(zypper\\.log|zypp/.*))$`,
    ),
    state: state("grep -v '^# AutoInstalled' /var/lib/zypp/AutoInstalled"),
  },
];

const names =
  /-[0-9a-f]{64} {2}greet-1\.1-1\.noarch\.rpm\n[\s\S]*\+[0-9a-f]{64} {2}greet-1\.1-1\.noarch\.rpm\n/;

const attacks: Attack[] = [
  {
    what: 'a flipped byte',
    change: 'printf X | dd of=greet-1.1-1.noarch.rpm bs=1 seek=6000 conv=notrunc status=none',
    names,
  },
  {
    what: 'older, properly signed',
    change: 'rm greet-1.1-*; cp /srv/repo/greet-1.0-1.noarch.rpm .',
    names: /\+[0-9a-f]{64} {2}greet-1\.0-1\.noarch\.rpm\n[\s\S]*-[0-9a-f]{64} {2}greet-1\.1-1\.noarch\.rpm\n/,
  },
  {
    what: 'a missing file',
    change: 'rm libgreet-*',
    names: /-[0-9a-f]{64} {2}libgreet-2\.0-1\.1\.noarch\.rpm/,
  },
  {
    what: 'an extra file',
    change: 'cp /srv/other/extra-1-1.noarch.rpm .',
    names: /\+[0-9a-f]{64} {2}extra-1-1\.noarch\.rpm/,
  },
];

const notSigned = /ERROR: greet-1\.1-1\.noarch\.rpm is not signed by a key of the base image/;
const withLock: [Attack, RegExp][] = [
  [
    {
      what: 'signed by an unknown key',
      change: 'cp /srv/other/stranger/greet-1.1-1.noarch.rpm .',
      names,
    },
    notSigned,
  ],
  [{ what: 'unsigned', change: 'cp /srv/other/unsigned/greet-1.1-1.noarch.rpm .', names }, notSigned],
  [
    {
      what: 'older, properly signed, under the new name',
      change: 'cp /srv/repo/greet-1.0-1.noarch.rpm greet-1.1-1.noarch.rpm',
      names,
    },
    /ERROR: greet-1\.1-1\.noarch\.rpm: the package in it is greet-1\.0-1\.noarch/,
  ],
];

/** dnf 4, dnf 5 and zypper. */
export function rpmTests(suite: string): void {
  const engine = engineOf(suite);
  const { registry } = engine;

  test.serial('rpm: the base images', async (t) => {
    const project = await newProject(t, engine);
    await project.write('Dockerfile', rpmBaseDockerfile(registry));
    for (const base of ['rocky', 'fedora', 'opensuse']) {
      const args = ['--provenance=false', '--push', '-t', `${registry}/${base}:test`, '--target', base];
      await ok(t, project.docker('buildx', 'build', ...args, '.'));
    }
  });

  for (const variant of variants) {
    familyTests(engine, variant);
    familyAttackTests(engine, {
      ...variant,
      attacks,
      withLock,
      touched: /#\d+ [\d.]+ .*(Installing|Upgrading|SCRIPT|EVIL)/,
      lie: "sed -i 's/^[^\\t]*\\t[^\\t]*\\t[^\\t]*/stay\\t9-9\\tx/; 1i x\\t1-1\\tx\\t$(id)\\t1\\tx\\t../x' INVENTORY",
    });
  }
}
