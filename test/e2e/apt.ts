import anyTest, { type TestFn } from 'ava';
import { aptBaseDockerfile } from './apt-base.ts';
import type { Attack } from './attacks.ts';
import { familyAttackTests, familyTests } from './family.ts';
import { engineOf, newProject, ok } from './project.ts';

const test = anyTest as TestFn;

const names = /-[0-9a-f]{64} {2}greet_1\.1-1_all\.deb\n[\s\S]*\+[0-9a-f]{64} {2}greet_1\.1-1_all\.deb\n/;

const attacks: Attack[] = [
  {
    what: 'a flipped byte',
    change: 'printf X | dd of=greet_1.1-1_all.deb bs=1 seek=600 conv=notrunc status=none',
    names,
  },
  {
    what: 'older, properly signed',
    change: 'rm greet_*; cp /srv/repo/greet_1.0-1_all.deb .',
    names: /\+[0-9a-f]{64} {2}greet_1\.0-1_all\.deb\n[\s\S]*-[0-9a-f]{64} {2}greet_1\.1-1_all\.deb\n/,
  },
  {
    what: 'another package under a locked name, with its inventory adjusted',
    change: `cp /srv/other/greet_1.1-1_all.deb .
sed -i "/^Package: greet$/,/^$/{s/^SHA256: .*/SHA256: $(sha256sum <greet_1.1-1_all.deb | cut -c-64)/;s/^Size: .*/Size: $(stat -c %s greet_1.1-1_all.deb)/}" Packages`,
    names,
  },
  {
    what: 'a missing file',
    change: 'rm libgreet_*',
    names: /-[0-9a-f]{64} {2}libgreet_1%3a2\.0-1\.1_all\.deb/,
  },
  {
    what: 'an extra file',
    change: 'cp /srv/other/extra_1-1_all.deb .',
    names: /\+[0-9a-f]{64} {2}extra_1-1_all\.deb/,
  },
];

const withLock: [Attack, RegExp][] = [
  [
    {
      what: 'older, properly signed, under the new name',
      change: 'cp /srv/repo/greet_1.0-1_all.deb greet_1.1-1_all.deb',
      names,
    },
    /ERROR: greet_1\.1-1_all\.deb: the package in it is greet 1\.0-1 all/,
  ],
];

export function aptTests(suite: string): void {
  const engine = engineOf(suite);
  const base = (target: string) => `${engine.registry}/apt-base:${target}`;

  test.serial('apt: the base images', async (t) => {
    const project = await newProject(t, engine);
    await project.write('Dockerfile', aptBaseDockerfile(engine.registry));
    for (const target of ['debian', 'stranger', 'unsigned']) {
      const args = ['--provenance=false', '--push', '-t', base(target), '--target', target];
      await ok(t, project.docker('buildx', 'build', ...args, '.'));
    }
  });

  familyTests(engine, {
    name: 'apt',
    base: 'apt-base:debian',
    release: /debian \(Debian GNU\/Linux 13/,
    version:
      'echo "$(apt-get --version | head -n 1 | cut -d " " -f -2), $(dpkg --version | sed -n "s/.* version \\([^ ]*\\).*/dpkg \\1/p")"',
    old: 'greet=1.0-1',
    packages: ['greet', 'new-name', 'noise', 'o++d.na-me', 'stay'],
    locked: [
      ...['base-thing 1.1-1', 'greet 1.1-1', 'new-name 2.0-1', 'noise 20240101+git1-1'],
      ...['o++d.na-me 0.1+r5-1', 'wave 1-1'],
    ],
    online: (packages) =>
      `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y ${packages} && rm -rf /var/lib/apt/lists/*`,
    differs: /^var\/(log\/(dpkg\.log|apt\/.*)|cache\/(apt\/.*|ldconfig\/aux-cache)|lib\/apt\/lists\/.*)$/,
    state:
      'dpkg -l; echo --; apt-mark showmanual; echo --; apt-mark showauto; cat /var/lib/greet/* /var/lib/noise/*',
    scripts: (epoch) => `\n${epoch}\n${epoch}\n/usr/bin\n`,
  });

  familyAttackTests(engine, {
    name: 'apt-attacked',
    base: 'apt-base:debian',
    attacks,
    withLock,
    touched: /#\d+ [\d.]+ (Unpacking|Setting up|SCRIPT|EVIL)/,
    lie: `sed -i '/^Package:/a Conflicts: base-passwd\\nDepends: no-such-package\\nEssential: yes' Packages`,
  });

  // The archive signs indexes, not packages: so this is refused when the packages are collected.
  for (const [target, what, refused] of [
    ['stranger', 'signed by an unknown key', /Missing key|NO_PUBKEY/],
    ['unsigned', 'unsigned', /is not signed/],
  ] as const) {
    test.serial(`attacks on apt: its repository is ${what}`, async (t) => {
      const project = await newProject(t, engine);
      const image = `${engine.registry}/apt-${target}:v1`;
      await ok(t, project.repro('init', '--image', image, '--base', base(target), '--package', 'greet'));
      const update = await project.repro('update');
      t.is(update.code, 1);
      t.regex(update.output, refused);
      t.notRegex(update.output, /Get:\d+ file:\S+ \S+ greet/);
    });
  }
}
