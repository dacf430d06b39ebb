import parse from '@iarna/toml/parse-string.js';
import anyTest, { type TestFn } from 'ava';
import type { Store } from '../engine/engine.ts';
import { type Attack, attackTests, swapCache, withCache } from './attacks.ts';
import { changedLines } from './lines.ts';
import { pacmanBaseDockerfile } from './pacman-base.ts';
import { engineOf, manifestOf, newProject, ok, type Project } from './project.ts';
import { imageTree } from './tree.ts';

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

const changed =
  /-[0-9a-f]{64} {2}greet-1\.1-1-x86_64\.pkg\.tar\n[\s\S]*\+[0-9a-f]{64} {2}greet-1\.1-1-x86_64\.pkg\.tar\n/;

const attacks: Attack[] = [
  {
    what: 'a flipped byte',
    change: 'printf X | dd of=greet-1.1-1-x86_64.pkg.tar bs=1 seek=300 conv=notrunc status=none',
    names: changed,
  },
  { what: 'signed by an unknown key', change: signedByAnother, names: changed },
  { what: 'unsigned', change: unsigned, names: changed },
  {
    what: 'older, properly signed',
    change: 'rm greet-*; cp /srv/repo/archive/greet-1.0-1-x86_64.pkg.tar.zst greet-1.0-1-x86_64.pkg.tar',
    names:
      /-[0-9a-f]{64} {2}greet-1\.1-1-x86_64\.pkg\.tar\n[\s\S]*\+[0-9a-f]{64} {2}greet-1\.0-1-x86_64\.pkg\.tar\n/,
  },
  { what: 'older, properly signed, under the new name', change: olderUnderNewName, names: changed },
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

/** The same, where the lockfile says so, too: what pacman itself has to refuse. */
const withLock: [what: string, change: string, refused: RegExp][] = [
  [
    'signed by an unknown key',
    signedByAnother,
    /ERROR: greet-1\.1-1-x86_64\.pkg\.tar is not signed by a key of the base image/,
  ],
  ['unsigned', unsigned, /ERROR: greet-1\.1-1-x86_64\.pkg\.tar has no signature/],
  [
    'older, properly signed, under the new name',
    olderUnderNewName,
    /ERROR: greet-1\.1-1-x86_64\.pkg\.tar: the package in it is greet-1\.0-1-x86_64/,
  ],
];

/** The loop, the comparison and the attacks, with pacman 6 and 7. */
export function pacmanTests(store: Store): void {
  const engine = engineOf(store);
  const { registry } = engine;

  test.serial('pacman: the base images', async (t) => {
    const project = await newProject(t, engine);
    await project.write('Dockerfile', pacmanBaseDockerfile(registry));
    for (const version of ['7', '6']) {
      const args = ['--provenance=false', '--push', '-t', `${registry}/arch:${version}`];
      await ok(t, project.docker('buildx', 'build', ...args, '--target', `pacman${version}`, '.'));
    }
  });

  for (const version of ['7', '6']) {
    test.serial(`pacman ${version}: the loop, twice the same, equal to an online installation`, async (t) => {
      const project = await newProject(t, engine);
      const base = `${registry}/arch:${version}`;
      const image = `${registry}/pacman${version}:v1`;
      const run = (tag: string, ...command: string[]) =>
        ok(t, project.docker('run', '--rm', `${registry}/pacman${version}:${tag}`, ...command));

      const init = await ok(
        t,
        project.repro('init', '--image', image, '--base', base, '--package', 'greet=1.0-1'),
      );
      t.regex(init.output, /arch \(Arch Linux\)/);
      await ok(t, project.repro('update'));
      await ok(t, project.bake('app', '--no-cache'));
      t.is((await run('v1', 'greet')).stdout, 'greet 1.0\n');

      // A newer version of one, others more, one that the base has already, and a group.
      const before = await project.read('repro.lock');
      const packages = ['extra/greet', 'noise', 'stay', 'tools'];
      await ok(t, project.repro('remove', 'greet=1.0-1'));
      await ok(t, project.repro('add', ...packages));
      await ok(t, project.repro('update'));
      const { added, removed } = changedLines(before, await project.read('repro.lock'));
      const shape = (lines: string[]) =>
        lines.map((line) =>
          /^\s*(?:\{ name = "([^"]+)", version = "([^"]+)"|(\w+) =)/.exec(line)?.slice(1).join(' ').trim(),
        );
      t.deepEqual(shape(removed), ['packages', 'digest', 'inputs', 'greet 1.0-1']);
      t.deepEqual(shape(added), [
        'packages',
        'digest',
        'inputs',
        'greet 1.1-1',
        'noise 20240101+r5~g1-1',
        'o++d@d_na.me 0.1.r5.gabc-1',
        'wave 1-1',
      ]);

      await twice(t, project, `pacman${version}`);
      t.is((await run('v1', 'greet')).stdout, 'greet 1.1\n');

      const epoch = /"SOURCE_DATE_EPOCH" = "(\d+)"/.exec(await project.read('docker-bake.hcl'))?.[1];
      await project.write(
        'Dockerfile.online',
        `FROM ${base}
ARG SOURCE_DATE_EPOCH=${epoch}
RUN pacman -Syu --needed --noconfirm ${packages.join(' ')} && rm -rf /var/lib/pacman/sync /var/cache/pacman/pkg/* && sed -i '/^%INSTALLDATE%$/{n;s/.*/${epoch}/}' $(ls -d /var/lib/pacman/local/*/desc | grep -v /stay-)
`,
      );
      const online = `${registry}/pacman${version}:online`;
      await ok(t, project.docker('buildx', 'build', '--push', '-t', online, '-f', 'Dockerfile.online', '.'));
      const [ours, theirs] = [await imageTree(project, image), await imageTree(project, online)];
      const difference = changedLines(theirs.join('\n'), ours.join('\n'));
      const paths = [...difference.added, ...difference.removed].map((line) => line.split(' ')[0] ?? '');
      // docs/pacman.md, "What differs from an online installation".
      const listed = /^(var\/(log\/pacman\.log|cache\/ldconfig\/aux-cache)|etc\/pacman\.d\/gnupg\/.*)$/;
      t.deepEqual(
        paths.filter((path) => !listed.test(path)),
        [],
      );
      const state = [
        'sh',
        '-c',
        'pacman -Qe; echo --; pacman -Qd; echo --; pacman -Qk; cat /var/lib/hook-ran /var/lib/greet/version /var/lib/greet/epoch',
      ];
      const here = (await run('v1', ...state)).stdout;
      t.is(here, (await run('online', ...state)).stdout);
      t.regex(here, /^base-thing 1\.1-1\ngreet 1\.1-1\n/);
      t.true(here.endsWith(`\n1.1-1\n${epoch}\n`), 'scripts know the time');
    });
  }

  const victim = {
    name: 'pacman',
    base: 'arch:7',
    packages: ['greet'],
    attacks,
    touched: /#\d+ [\d.]+ (installing|upgrading|SCRIPT|EVIL)/,
  };
  attackTests(engine, victim, (project) => {
    for (const [what, change, refused] of withLock) {
      test.serial(`attacks on pacman: ${what}, in the lockfile as well`, async (t) => {
        const swapped = await swapCache(project(), victim.name, change);
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

    test.serial(
      'attacks on pacman: an inventory that lies about true packages changes nothing',
      async (t) => {
        const id = async () =>
          (await ok(t, project().docker('inspect', '-f', '{{.Id}}', `${registry}/pacman:v1`))).stdout;
        await ok(t, project().bake('app', '--no-cache'));
        const before = await id();
        const change = String.raw`sed -i 's/^pkgver = .*/pkgver = 9-9/; s/^arch = .*/arch = any\nreplaces = stay\ndepend = none/' INVENTORY
printf '\npkgname = stay\npkgver = 2-1\nfilename = stay\n' >>INVENTORY`;
        await ok(t, project().bake(...withCache(await swapCache(project(), victim.name, change))));
        t.is(await id(), before);
      },
    );
  });
}

/** Two builds give one digest, of the cache and of the app; and the cache is hardly larger than its packages. */
async function twice(t: Parameters<typeof ok>[0], project: Project, name: string): Promise<void> {
  const digests = { cache: new Set<string>(), app: new Set<string>() };
  for (const _ of [1, 2]) {
    await ok(t, project.bake('--no-cache', '--push', 'pkg-cache'));
    digests.cache.add((await manifestOf(project.engine, name, 'v1-pkg-cache')).digest);
    await ok(t, project.bake('--no-cache', '--push', 'app'));
    digests.app.add((await manifestOf(project.engine, name, 'v1')).digest);
  }
  t.is(digests.cache.size, 1);
  t.is(digests.app.size, 1);
  await ok(t, project.repro('lock', '--check'));
  const { platform } = parse(await project.read('repro.lock')) as unknown as {
    platform: { packages: { size: number }[] }[];
  };
  const packages = platform[0]?.packages.reduce((sum, { size }) => sum + size, 0) ?? 0;
  t.true(packages > 1_000_000);
  const { config, layers, size } = await manifestOf(project.engine, name, 'v1-pkg-cache');
  // A layer that is there several times is one blob.
  const blobs = new Map(layers.map((layer) => [layer.digest, layer.size]));
  const ratio = (size + config.size + [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0)) / packages;
  t.log(`cache bytes / package bytes: ${ratio.toFixed(4)}`);
  t.true(ratio <= 1.02, `${ratio}`);
}
