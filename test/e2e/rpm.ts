import anyTest, { type TestFn } from 'ava';
import type { Store } from '../engine/engine.ts';
import { type Attack, attackTests, swapCache, withCache } from './attacks.ts';
import { changedLines } from './lines.ts';
import { engineOf, newProject, ok } from './project.ts';
import { rpmBaseDockerfile } from './rpm-base.ts';
import { imageTree } from './tree.ts';
import { twice } from './twice.ts';

const test = anyTest as TestFn;

interface Variant {
  /** Of the images, and for people. */
  name: string;
  /** The target of the base images' Dockerfile. */
  base: string;
  release: RegExp;
  /** The request for version 1.0 of greet. */
  old: string;
  online: string;
  /** Paths that may differ from an online installation: "What differs" in the family's page of docs/. */
  differs: RegExp;
  /** Prints why each package is installed. */
  reasons: string;
}

const rpmdb = 'usr/lib/sysimage/rpm|var/lib/rpm';
const always = `(${rpmdb})/rpmdb\\.sqlite(-shm|-wal)?|var/cache/ldconfig/aux-cache`;
const variants: Variant[] = [
  {
    name: 'dnf4',
    base: 'rocky',
    release: /rocky \(Rocky Linux 9\.6 \(Blue Onyx\)\)/,
    old: 'greet-1.0',
    online: 'dnf -y install',
    differs: new RegExp(
      `^(${always}|var/lib/dnf/history\\.sqlite(-shm|-wal)?|var/cache/dnf/.*|var/log/(dnf.*|hawkey)\\.log)$`,
    ),
    reasons: "dnf -q -C repoquery --installed --qf '%{name} %{reason} %{from_repo}'",
  },
  {
    name: 'dnf5',
    base: 'fedora',
    release: /fedora \(Fedora Linux 42 \(Container Image\)\)/,
    old: 'greet-1.0-1',
    online: 'dnf5 -y --no-plugins install',
    differs: new RegExp(
      `^(${always}|usr/lib/sysimage/libdnf5/transaction_history\\.sqlite.*|var/cache/libdnf5/.*|var/log/dnf5\\.log)$`,
    ),
    reasons: "dnf5 -q repoquery --installed --qf '%{name} %{reason} %{from_repo}\\n'",
  },
  {
    name: 'zypper',
    base: 'opensuse',
    release: /opensuse-leap \(openSUSE Leap 15\.6\)/,
    old: 'greet=1.0',
    online: 'zypper --non-interactive install',
    differs: new RegExp(
      `^(${always}|var/lib/zypp/A(nonymousUniqueId|utoInstalled)|var/cache/zypp/.*|var/log/(zypper\\.log|zypp/.*))$`,
    ),
    reasons: "grep -v '^# AutoInstalled' /var/lib/zypp/AutoInstalled",
  },
];

const changed =
  /-[0-9a-f]{64} {2}greet-1\.1-1\.noarch\.rpm\n[\s\S]*\+[0-9a-f]{64} {2}greet-1\.1-1\.noarch\.rpm\n/;
const signedByAnother = 'cp /srv/other/stranger/greet-1.1-1.noarch.rpm .';
const unsigned = 'cp /srv/other/unsigned/greet-1.1-1.noarch.rpm .';
const olderUnderNewName = 'cp /srv/repo/greet-1.0-1.noarch.rpm greet-1.1-1.noarch.rpm';

const attacks: Attack[] = [
  {
    what: 'a flipped byte',
    change: 'printf X | dd of=greet-1.1-1.noarch.rpm bs=1 seek=6000 conv=notrunc status=none',
    names: changed,
  },
  { what: 'signed by an unknown key', change: signedByAnother, names: changed },
  { what: 'unsigned', change: unsigned, names: changed },
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

/** The same, where the lockfile says so, too: what the signatures and the packages themselves have to refuse. */
const withLock: [what: string, change: string, refused: RegExp][] = [
  ['signed by an unknown key', signedByAnother, /ERROR: greet-1\.1-1\.noarch\.rpm is not signed by a key/],
  ['unsigned', unsigned, /ERROR: greet-1\.1-1\.noarch\.rpm is not signed by a key of the base image/],
  [
    'older, properly signed, under the new name',
    olderUnderNewName,
    /ERROR: greet-1\.1-1\.noarch\.rpm: the package in it is greet-1\.0-1\.noarch/,
  ],
];

/** The loop, the comparison and the attacks, with dnf 4, dnf 5 and zypper. */
export function rpmTests(store: Store): void {
  const engine = engineOf(store);
  const { registry } = engine;

  test.serial('rpm: the base images', async (t) => {
    const project = await newProject(t, engine);
    await project.write('Dockerfile', rpmBaseDockerfile(registry));
    for (const { base } of variants) {
      const args = ['--provenance=false', '--push', '-t', `${registry}/${base}:test`, '--target', base];
      await ok(t, project.docker('buildx', 'build', ...args, '.'));
    }
  });

  for (const variant of variants) {
    const { name } = variant;
    test.serial(`${name}: the loop, twice the same, equal to an online installation`, async (t) => {
      const project = await newProject(t, engine);
      const base = `${registry}/${variant.base}:test`;
      const image = `${registry}/${name}:v1`;
      const run = (tag: string, ...command: string[]) =>
        ok(t, project.docker('run', '--rm', '--network=none', `${registry}/${name}:${tag}`, ...command));

      const init = await ok(
        t,
        project.repro('init', '--image', image, '--base', base, '--package', variant.old),
      );
      t.regex(init.output, variant.release);
      await ok(t, project.repro('update'));
      await ok(t, project.bake('app', '--no-cache'));
      t.is((await run('v1', 'greet')).stdout, 'greet 1.0\n');

      // A newer version of one, for which the base's package has to be newer; others more; one that the base has already.
      const before = await project.read('repro.lock');
      const packages = ['greet', 'noise', 'o++d.na_me', 'stay'];
      await ok(t, project.repro('remove', variant.old));
      await ok(t, project.repro('add', ...packages));
      await ok(t, project.repro('update'));
      const { added, removed } = changedLines(before, await project.read('repro.lock'));
      const shape = (lines: string[]) =>
        lines.map((line) =>
          /^\s*(?:\{ name = "([^"]+)", version = "([^"]+)"|(\w+) =)/.exec(line)?.slice(1).join(' ').trim(),
        );
      t.deepEqual(shape(removed), ['packages', 'digest', 'inputs', 'greet 1.0-1']);
      t.deepEqual(shape(added), [
        ...['packages', 'digest', 'inputs'],
        ...['base-thing 1.1-1', 'greet 1.1-1', 'noise 20240101^git1.abc-1.x'],
        ...['o++d.na_me 0.1+r5-1', 'wave 1-1'],
      ]);

      await twice(t, project, name);
      t.is((await run('v1', 'greet')).stdout, 'greet 1.1\n');

      // One that takes the place of a package of the base. In the classic store, what is removed has the time of the build.
      packages.push('new-name');
      await ok(t, project.repro('add', 'new-name'));
      await ok(t, project.repro('update'));
      await ok(t, project.bake('app', '--no-cache'));

      const epoch = /"SOURCE_DATE_EPOCH" = "(\d+)"/.exec(await project.read('docker-bake.hcl'))?.[1];
      await project.write(
        'Dockerfile.online',
        `FROM ${base}\nARG SOURCE_DATE_EPOCH=${epoch}\nRUN ${variant.online} ${packages.join(' ')}\n`,
      );
      const online = `${registry}/${name}:online`;
      await ok(t, project.docker('buildx', 'build', '--push', '-t', online, '-f', 'Dockerfile.online', '.'));
      const [ours, theirs] = [await imageTree(project, image), await imageTree(project, online)];
      const difference = changedLines(theirs.join('\n'), ours.join('\n'));
      const paths = [...difference.added, ...difference.removed].map((line) => line.split(' ')[0] ?? '');
      t.deepEqual(
        paths.filter((path) => !variant.differs.test(path)),
        [],
      );
      const state = [
        "rpm -qa --qf '%{NEVRA} %{INSTALLTIME} %{SIGPGP:pgpsig}%{RSAHEADER:pgpsig}\\n' | sort; rpm -Va; echo --",
        `${variant.reasons} | sort; cat /var/lib/greet/* /var/lib/noise/*`,
      ];
      const here = (await run('v1', 'sh', '-c', state.join('\n'))).stdout;
      t.is(here, (await run('online', 'sh', '-c', state.join('\n'))).stdout);
      t.true(here.endsWith(`\n${epoch} 1\n${epoch} 1\ntriggered\nwave\n`), here);
    });

    const victim = {
      name,
      base: `${variant.base}:test`,
      packages: ['greet'],
      attacks,
      touched: /#\d+ [\d.]+ .*(Installing|Upgrading|SCRIPT|EVIL)/,
    };
    attackTests(engine, victim, (project) => {
      for (const [what, change, refused] of withLock) {
        test.serial(`attacks on ${name}: ${what}, in the lockfile as well`, async (t) => {
          const swapped = await swapCache(project(), name, change);
          const { output } = await project().bake(...withCache(swapped));
          const [, locked = '', found = ''] =
            /-([0-9a-f]{64}) {2}greet-1.1[\s\S]*\+([0-9a-f]{64}) {2}greet-1.1/.exec(output) ?? [];
          const bake = await project().read('docker-bake.hcl');
          await project().write('docker-bake.hcl', bake.replace(locked, found));
          const build = await project().bake(...withCache(swapped));
          await project().write('docker-bake.hcl', bake);
          t.not(build.code, 0);
          t.regex(build.output, refused);
          t.notRegex(build.output, victim.touched);
        });
      }

      test.serial(`attacks on ${name}: an inventory that lies changes nothing`, async (t) => {
        const id = async () =>
          (await ok(t, project().docker('inspect', '-f', '{{.Id}}', `${registry}/${name}:v1`))).stdout;
        await ok(t, project().bake('app', '--no-cache'));
        const before = await id();
        const change =
          "sed -i 's/^[^\\t]*\\t[^\\t]*\\t[^\\t]*/stay\\t9-9\\tx/; 1i x\\t1-1\\tx\\t$(id)\\t1\\tx\\t../x' INVENTORY";
        await ok(t, project().bake(...withCache(await swapCache(project(), name, change))));
        t.is(await id(), before);
      });
    });
  }
}
