import { createHash } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { swapCache } from './attacks.ts';
import {
  createProject,
  type EngineFacts,
  lockProject,
  manifestOf,
  ok,
  type Project,
  type Wanted,
} from './project.ts';

const test = anyTest as TestFn;

export interface Verified extends Wanted {
  /** Shell pattern of one package's file in the cache: `hello_*.deb`. */
  file: string;
  /** The list of packages in it. */
  inventory: string;
  /** What of the list is replaced by something else. */
  lie: string;
}

/** On Debian's own packages, and on the base images of apt.ts, pacman.ts and rpm.ts. */
export const verified = {
  debian: {
    name: 'verify',
    base: 'debian:trixie-slim',
    packages: ['hello', 'jq'],
    file: 'hello_*.deb',
    inventory: 'Packages',
    lie: 'Version: 2.10',
  },
  apt: {
    name: 'verify-apt',
    base: 'apt-base:debian',
    packages: ['greet'],
    file: 'greet_*.deb',
    inventory: 'Packages',
    lie: 'Version: 1.1',
  },
  pacman: {
    name: 'verify-pacman',
    base: 'arch:7',
    packages: ['greet'],
    file: 'greet-1*.pkg.tar',
    inventory: 'INVENTORY',
    lie: 'pkgver = 1.1',
  },
  dnf: {
    name: 'verify-dnf',
    base: 'fedora:test',
    packages: ['greet'],
    file: 'greet-1*.rpm',
    inventory: 'INVENTORY',
    lie: '1\\.1-1',
  },
} satisfies Record<string, Verified>;

/** `repro verify` on one locked project, with caches that somebody changed, and with images that are built again. */
export function verifyTests(engine: EngineFacts, victim: Verified): void {
  const { name, file, inventory, lie } = victim;
  const cache = `${engine.registry}/${name}:v1-pkg-cache`;
  const where = `the rebuilt app for linux/\\w+, layer \\d+ of \\d+`;
  const title = (what: string) => `verify on ${name}: ${what}`;
  let project: Project;
  let lock: string;

  test.serial(title('a true cache'), async (t) => {
    project = await createProject(engine);
    await lockProject(t, project, victim);
    lock = await project.read('repro.lock');
    const { stdout, stderr } = await ok(t, project.repro('verify'));
    t.is(stderr, '');
    const packages = lock.match(/^ {2}\{ name = /gm)?.length;
    const { digest } = await manifestOf(engine, name, 'v1-pkg-cache');
    t.regex(
      stdout,
      new RegExp(
        `^repro.lock is proved
  base {6}${engine.registry}/${victim.base} sha256:\\w{12} is in its registry
  cache {5}${cache} ${digest.slice(0, 19)} is in its registry, collected for these packages on this base
  packages {2}linux/\\w+: ${packages} \\(\\d+ bytes\\), each with the locked SHA-256, and nothing else
  read {6}\\d+ layers, \\d+ bytes\n$`,
      ),
    );
  });

  const changes: [what: string, change: string, expected: RegExp[]][] = [
    [
      'a flipped byte',
      `f=$(ls ${file}); printf X | dd of="$f" bs=1 seek=600 conv=notrunc status=none`,
      [
        /has another "FILE": sha256 \w{64}, \d+ bytes, where the lockfile has sha256 \w{64}, \d+ bytes \[E_CACHE_CHANGED\]/,
      ],
    ],
    ['a missing file', `rm ${file}`, [/has no "FILE", which the lockfile lists \[E_CACHE_MISSING\]/]],
    [
      'extra files, a link, a folder and a whiteout',
      'cp /etc/passwd extra; ln -s /etc/passwd link; mkdir folder; touch .wh.something',
      [
        /has a file that the lockfile does not list: "extra" \[E_CACHE_EXTRA\]/,
        /has what is no file: "folder" \(folder\) \[E_CACHE_ENTRY\]/,
        /has what is no file: "link" \(symbolic link\) \[E_CACHE_ENTRY\]/,
        /has what is no file: "\.wh\.something" \(whiteout\) \[E_CACHE_ENTRY\]/,
      ],
    ],
    [
      "another's inventory",
      `sed -i 's/${lie}/${lie}x/' ${inventory}`,
      [
        /has a list of packages that is not the lockfile's: .* only in the lockfile; .* only in the list \[E_CACHE_INVENTORY\]/,
      ],
    ],
    [
      'all at once',
      `rm ${inventory}; mv ${file} other`,
      [
        /"other" \[E_CACHE_EXTRA\]/,
        /"FILE".* \[E_CACHE_MISSING\]/,
        /in its last layer \[E_CACHE_INVENTORY\]/,
      ],
    ],
  ];
  for (const [what, change, expected] of changes) {
    test.serial(title(what), async (t) => {
      await swapCache(project, name, change);
      const found = await verifyWith((await manifestOf(engine, name, 'v1-pkg-cache')).digest);
      t.is(found.code, 1, found.output);
      // Whiteouts are no files for BuildKit: it may keep one out of a layer.
      const wanted = expected.filter(
        ({ source }) => !source.includes('.wh') || found.stderr.includes('.wh.'),
      );
      for (const each of wanted) t.regex(found.stderr, named(each));
      t.is(found.stderr.match(/^error: /gm)?.length, wanted.length, found.stderr);
      t.regex(found.stderr, / {2}hint: the locked digest stands for just these bytes.*\n$/);
    });
  }

  test.serial(title('a wrong label'), async (t) => {
    const bake = await project.read('docker-bake.hcl');
    await project.write(
      'docker-bake.hcl',
      bake.replace(/("repro.inputs" = "sha256:)\w{64}/, `$1${'0'.repeat(64)}`),
    );
    await swapCache(project, name, ':');
    await project.write('docker-bake.hcl', bake);
    const found = await verifyWith((await manifestOf(engine, name, 'v1-pkg-cache')).digest);
    t.is(found.code, 1);
    t.regex(
      found.stderr,
      /^error: the package cache for linux\/\w+ does not fit the lockfile: its label repro.inputs should be "sha256:\w+", and there is "sha256:0+" \[E_CACHE_LABEL\]\n$/,
    );
  });

  test.serial(title('no tag leads to it; --keep'), async (t) => {
    const warned = await ok(t, project.repro('verify'));
    t.regex(
      warned.stderr,
      /^warning: no tag that is known here leads to .* \[E_UNTAGGED\]\n {2}hint: .*repro verify --keep\n$/,
    );
    const digest = /\[cache\][\s\S]*?digest = "(\S+)"/.exec(lock)?.[1] ?? '';
    const kept = `pkg-cache-${digest.replace(':', '-')}`;
    const { stdout, stderr } = await ok(t, project.repro('verify', '--keep'));
    t.is(stderr, '');
    t.true(stdout.includes(`  kept      ${engine.registry}/${name}:${kept}\n`), stdout);
    t.is((await manifestOf(engine, name, kept)).digest, digest);
    t.is((await ok(t, project.repro('verify'))).stderr, '');
  });

  test.serial(title('--rebuild and --statement'), async (t) => {
    await ok(t, project.bake('app', '--push'));
    const app = await ok(t, project.repro('verify', '--rebuild', '--statement', 'app.json'));
    const same = engine.store === 'classic' ? 'is the same image;' : 'is the same to the last byte';
    t.regex(
      app.stdout,
      new RegExp(`^ {2}rebuilt {3}app from scratch: \\S+/${name}:v1 sha256:\\w{12} ${same}`, 'm'),
    );
    const { subject, predicate } = JSON.parse(await project.read('app.json'));
    const { digest } = await manifestOf(engine, name, 'v1');
    t.deepEqual(subject[0], { name: `${engine.registry}/${name}`, digest: { sha256: digest.slice(7) } });
    t.is(predicate.policy.digest.sha256, createHash('sha256').update(lock).digest('hex'));
    t.regex(
      predicate.verifiedLevels.join(' '),
      /^REPRO_PACKAGES_LOCKED REPRO_APP_REBUILT_(MANIFEST|CONFIG)$/,
    );

    const collected = await ok(t, project.repro('verify', '--rebuild', 'pkg-cache'));
    t.regex(
      collected.stdout,
      new RegExp(`^ {2}rebuilt {3}pkg-cache from scratch: \\S+ sha256:\\w{12} ${same}`, 'm'),
    );
  });

  test.serial(title('--upstream'), async (t) => {
    const { stdout } = await ok(t, project.repro('verify', '--upstream'));
    const packages = lock.match(/^ {2}\{ name = /gm)?.length;
    const line = `^ {2}upstream {2}linux/\\w+: the distro has ${packages} of ${packages} today, each with the locked SHA-256$`;
    t.regex(stdout, new RegExp(line, 'm'));
  });

  test.serial(title('--rebuild names what somebody changed in the app'), async (t) => {
    const image = `${engine.registry}/${name}:v1`;
    await project.write(
      'Dockerfile.evil',
      `FROM ${image}\nRUN echo hi >/etc/motd && mkdir -m 700 /srv/evil\nUSER 1\n`,
    );
    const build = [
      'buildx',
      'build',
      '--provenance=false',
      '--push',
      '-t',
      image,
      '-f',
      'Dockerfile.evil',
      '.',
    ];
    await ok(t, project.docker(...build));
    const changed = await project.repro('verify', '--rebuild', '--statement', 'never.json');
    t.is(changed.code, 1);
    for (const path of ['etc/motd', 'srv/evil'])
      t.regex(
        changed.stderr,
        new RegExp(`^error: ${where}: "${path}": not in the rebuilt image \\[E_REBUILT_FILE\\]$`, 'm'),
      );
    t.regex(
      changed.stderr,
      /^error: the rebuilt app for linux\/\w+ has another configuration: "config\.User" \[E_REBUILT_CONFIG\]$/m,
    );
    await t.throwsAsync(project.read('never.json'));
    await ok(t, project.bake('app', '--push'));
  });

  test.serial(title('the end'), async (t) => {
    await project.remove();
    t.pass();
  });

  /** With the true lockfile but for the cache's digest. */
  async function verifyWith(digest: string) {
    await project.write('repro.lock', lock.replace(/(\[cache\][\s\S]*?digest = ")[^"]+/, `$1${digest}`));
    const found = await project.repro('verify');
    await project.write('repro.lock', lock);
    return found;
  }

  function named({ source }: RegExp): RegExp {
    return new RegExp(source.replace('FILE', file.replaceAll('.', '\\.').replaceAll('*', '[^"]*')));
  }
}
