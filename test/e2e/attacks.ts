import anyTest, { type TestFn } from 'ava';
import { engineOf, lockedProject, ok, type Project } from './project.ts';

const test = anyTest as TestFn;

interface Attack {
  what: string;
  /** Shell lines, run in the folder of the cache's files. */
  change: string;
  /** What the error has to name. */
  names: RegExp;
}

/** The cache image as the lockfile pins it, changed by someone who can push. */
const attacks: Attack[] = [
  {
    what: 'a flipped byte',
    change: 'f=$(ls hello_*.deb); printf X | dd of="$f" bs=1 seek=20000 conv=notrunc status=none',
    names: /-[0-9a-f]{64} {2}hello_2\.10-\S+_amd64\.deb[\s\S]*\+[0-9a-f]{64} {2}hello_2\.10-\S+_amd64\.deb/,
  },
  { what: 'a missing file', change: 'rm libonig5_*.deb', names: /-[0-9a-f]{64} {2}libonig5_\S+_amd64\.deb/ },
  {
    what: 'an extra file',
    change: 'cd /tmp && apt-get update -q && apt-get download sl && mv sl_*.deb /cache/',
    names: /\+[0-9a-f]{64} {2}sl_\S+\.deb/,
  },
  {
    what: 'an older version that the distro has signed',
    change: `sed 's/trixie/bookworm/g' /etc/apt/sources.list.d/* >/tmp/old.sources
      apt-get update -q -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::SourceList=/tmp/old.sources
      cd /tmp && apt-get download -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::SourceList=/tmp/old.sources hello
      rm /cache/hello_*.deb && mv hello_*.deb /cache/
      sed -i "s/^Version: 2.10-5.*/Version: 2.10-3/; s/hello_2.10-5/hello_2.10-3/; s/^SHA256: $(sed -n '/^Package: hello$/,/^$/s/^SHA256: //p' /cache/Packages)/SHA256: $(sha256sum </cache/hello_*.deb | cut -c-64)/" /cache/Packages`,
    names: /\+[0-9a-f]{64} {2}hello_2\.10-3_amd64\.deb/,
  },
  {
    what: 'another package under a locked name, with its inventory adjusted',
    change: `mkdir -p /tmp/evil/DEBIAN && cd /tmp
      printf 'Package: hello\\nVersion: 2.10-5\\nArchitecture: amd64\\nMaintainer: nobody\\nDescription: evil\\n' >evil/DEBIAN/control
      printf '#!/bin/sh\\necho EVIL RUNS\\n' >evil/DEBIAN/postinst && chmod 755 evil/DEBIAN/postinst
      f=$(basename /cache/hello_*.deb) && dpkg-deb -b evil "/cache/$f"
      sed -i "/^Package: hello$/,/^$/{s/^SHA256: .*/SHA256: $(sha256sum <"/cache/$f" | cut -c-64)/;s/^Size: .*/Size: $(stat -c %s "/cache/$f")/}" /cache/Packages`,
    names: /\+[0-9a-f]{64} {2}hello_2\.10-5_amd64\.deb/,
  },
];

/** Builds the changed cache, under the tag that the lockfile names, with the labels of the true one. */
async function swapCache(project: Project, name: string, change: string): Promise<string> {
  const cache = `${project.engine.registry}/${name}:v1-pkg-cache`;
  const labels = /"(repro\.\w+)" = ("[^"]*")/g;
  const bake = await project.read('docker-bake.hcl');
  await project.write(
    'Dockerfile.evil',
    `FROM ${/"base" = "docker-image:\/\/([^"]+)"/.exec(bake)?.[1]} AS evil
COPY --from=cache / /cache/
COPY <<'EVIL' /evil.sh
set -eu
cd /cache
${change}
EVIL
RUN sh /evil.sh
FROM scratch
${[...bake.matchAll(labels)].map(([, key, value]) => `LABEL ${key}=${value}`).join('\n')}
COPY --from=evil /cache/ /
`,
  );
  const pinned = /"pkg-cache" = "docker-image:\/\/([^"]+)"/.exec(bake)?.[1];
  const built = await project.docker(
    'buildx',
    'build',
    '--no-cache',
    '--provenance=false',
    '--push',
    '-t',
    cache,
    '-f',
    'Dockerfile.evil',
    '--build-context',
    `cache=docker-image://${pinned}`,
    '.',
  );
  if (built.code !== 0) throw new Error(built.output);
  return cache;
}

export function attackTests(): void {
  const engine = engineOf('containerd');
  let project: Project;

  test.serial('attacks: a locked project', async (t) => {
    project = await lockedProject(
      { ...t, teardown: () => {} } as typeof t,
      engine,
      'attacked',
      'debian:trixie-slim',
      ['hello', 'jq'],
    );
    t.pass();
  });

  for (const { what, change, names } of attacks) {
    test.serial(`attacks: ${what}`, async (t) => {
      const swapped = await swapCache(project, 'attacked', change);
      // The digest in the bake file decides: what the tag leads to now changes nothing.
      await ok(t, project.bake('app', '--no-cache'));
      // And where someone leaves the digest out, the list in the install step does.
      const build = await project.bake(
        'app',
        '--no-cache',
        '--set',
        `app.contexts.pkg-cache=docker-image://${swapped}`,
      );
      t.not(build.code, 0);
      t.regex(build.output, names);
      t.regex(build.output, /ERROR: the package cache is not what repro\.lock says/);
      t.notRegex(build.output, /#\d+ [\d.]+ (Unpacking|Setting up|EVIL)/);
      const check = await project.repro('lock', '--check');
      t.is(check.code, 1, 'the swap shows');
    });
  }

  test.serial('attacks: an index that lies about true packages changes nothing', async (t) => {
    const swapped = await swapCache(
      project,
      'attacked',
      `sed -i '/^Package:/a Conflicts: base-passwd\\nDepends: no-such-package\\nEssential: yes' Packages`,
    );
    await ok(
      t,
      project.bake('app', '--no-cache', '--set', `app.contexts.pkg-cache=docker-image://${swapped}`),
    );
    const image = `${engine.registry}/attacked:v1`;
    await ok(t, project.docker('run', '--rm', image, 'dpkg', '--verify', 'base-passwd', 'hello', 'jq'));
  });
}
