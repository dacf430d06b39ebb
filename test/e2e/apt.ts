import anyTest, { type TestFn } from 'ava';
import { type Attack, attackTests, swapCache, withCache } from './attacks.ts';
import { engineOf, ok } from './project.ts';

const test = anyTest as TestFn;

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

const victim = {
  name: 'apt',
  base: 'debian:trixie-slim',
  packages: ['hello', 'jq'],
  attacks,
  touched: /#\d+ [\d.]+ (Unpacking|Setting up|EVIL)/,
};

export function aptAttackTests(): void {
  const engine = engineOf('containerd');
  attackTests(engine, victim, (project) => {
    test.serial('attacks on apt: an index that lies about true packages changes nothing', async (t) => {
      const swapped = await swapCache(
        project(),
        victim.name,
        `sed -i '/^Package:/a Conflicts: base-passwd\\nDepends: no-such-package\\nEssential: yes' Packages`,
      );
      await ok(t, project().bake(...withCache(swapped)));
      const image = `${engine.registry}/apt:v1`;
      await ok(t, project().docker('run', '--rm', image, 'dpkg', '--verify', 'base-passwd', 'hello', 'jq'));
    });
  });
}
