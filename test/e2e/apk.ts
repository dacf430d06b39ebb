import anyTest, { type TestFn } from 'ava';
import { type Attack, attackTests } from './attacks.ts';
import { engineOf, manifestOf, newProject, ok } from './project.ts';

const test = anyTest as TestFn;

/*
 * No registry has apk itself. These images have busybox and nothing else, as Alpine's have, so the steps run with its
 * shell and its tools; a script stands in for apk, which takes the options that the real ones take.
 */

const apk = String.raw`#!/bin/sh
set -eu
db=/lib/apk/db/installed version=$(cat /etc/apk/version)
info() { tar -xzOf "$1" .PKGINFO | awk -v key="$2" '$1 == key { print $3 }'; }
nameof() { printf '%s\n' "$1" | sed 's/[=~@].*//'; }
signed() { [ "$(info "$1" signed)" = yes ] || { echo "ERROR: $1: UNTRUSTED signature" >&2; exit 1; }; }
command=$1; shift
case $command in
--print-arch) echo x86_64 ;;
--version) echo "apk-tools $version, compiled for x86_64." ;;
index | mkndx)
  output=
  while [ $# -gt 0 ]; do case $1 in
    -o) output=$2; shift 2 ;;
    --rewrite-arch) shift 2 ;;
    --no-warnings) shift ;;
    -*) echo "unrecognized option $1" >&2; exit 1 ;;
    *) break ;;
  esac; done
  for file; do signed "$file"; done
  for file; do sha256sum "$file"; done >"$output"
  ;;
add)
  cache= scripts=yes repositories= untrusted= log=yes
  while [ $# -gt 0 ]; do case $1 in
    --cache-dir) cache=$2; shift 2 ;;
    --repositories-file) repositories=$2; shift 2 ;;
    --no-scripts) scripts=; shift ;;
    --allow-untrusted) untrusted=yes; shift ;;
    --no-logfile) case $version in 2.*) echo 'unrecognized option --no-logfile' >&2; exit 1 ;; esac; log=; shift ;;
    --no-progress | --no-network | --no-cache) shift ;;
    -*) echo "unrecognized option $1" >&2; exit 1 ;;
    *) break ;;
  esac; done
  case $version in 2.*) log= ;; esac
  [ -z "$log" ] || date >>/var/log/apk.log
  from=/srv/repo
  if [ -n "$repositories" ]; then
    [ -n "$untrusted" ] || { echo 'untrusted index' >&2; exit 1; }
    read -r from <"$repositories"
    case $from in *.adb) [ -s "$from" ]; from=${'$'}{from%/*} ;; *) from=$from/x86_64; [ -e "$from/APKINDEX.tar.gz" ] ;; esac
  fi
  for request; do echo "$request"; done | cat - /etc/apk/world | sort -u >/tmp/world && cat /tmp/world >/etc/apk/world && rm /tmp/world
  todo=$*
  while set -- $todo && [ $# -gt 0 ]; do
    request=$1; shift; todo=$*
    name=$(nameof "$request") found=
    for file in "$from"/*.apk; do
      [ -e "$file" ] && [ "$(info "$file" pkgname)" = "$name" ] || continue
      case $request in *=*) [ "$(info "$file" pkgver)" = "${'$'}{request#*=}" ] || continue ;; esac
      found=$file
    done
    if [ -z "$found" ]; then
      grep -qx "P:$name" $db && continue
      echo "ERROR: unable to select packages: $name (no such package)" >&2; exit 1
    fi
    pkgver=$(info "$found" pkgver) todo="$todo $(info "$found" depend)"
    awk -v name="$name" -v version="$pkgver" '$0 ~ "^P:" name "\n" && index($0, "\nV:" version "\n") { found = 1 } END { exit !found }' RS= $db && continue
    [ -z "$cache" ] || cp "$found" "$cache/$name-$pkgver.0123abcd.apk"
    echo "Installing $name ($pkgver)"
    awk -v name="$name" 'BEGIN { ORS = "\n\n" } $0 !~ "^P:" name "\n"' RS= $db >$db.new
    printf 'C:Q1\nP:%s\nV:%s\nA:x86_64\nS:1\nT:a: b\no:%s\nF:usr\n\n' "$name" "$pkgver" "$(info "$found" origin)" | sed '1d' >>$db.new
    cat $db.new >$db; rm $db.new
    tar -xzf "$found" -C / usr
    [ -z "$scripts" ] || { echo "SCRIPT RUNS $name"; echo "$name:!:$(($(date +%s) / 86400)):0:99999:7:::" >>/etc/shadow; }
  done
  ;;
esac
`;

const setUp = String.raw`set -eu
mkdir -p /etc/apk /lib/apk/db /srv/repo /var/log /tmp/pkg/usr/bin && cd /tmp/pkg
pkg() { # NAME VERSION ORIGIN DEPEND SIGNED
  printf '#!/bin/sh\necho %s %s\n' $1 $2 >usr/bin/$1 && chmod 755 usr/bin/$1
  printf '# made for a test\npkgname = %s\npkgver = %s\narch = x86_64\norigin = %s\ndepend = %s\nsigned = %s\n' $1 $2 $3 "$4" $5 >.PKGINFO
  # As in a real one: the signature and .PKGINFO are tar segments without an end, each compressed by itself.
  for part in .SIGN.RSA.test .PKGINFO; do tar -cf - $part | head -c 1024 | gzip; done >$6/$1-$2.apk
  tar -cf - usr | gzip >>$6/$1-$2.apk
  rm -r usr && mkdir -p usr/bin
}
mkdir /srv/other && echo signature >.SIGN.RSA.test
pkg base-thing 1.0-r0 base-thing '' yes /tmp
pkg base-thing 1.1-r0 base-thing '' yes /srv/repo
pkg greet 1.0-r0 greet 'libgreet' yes /srv/other
pkg greet 1.1_rc1-r2 greet 'libgreet' yes /srv/repo
pkg libgreet 2.0a-r0 greet-src '' yes /srv/repo
pkg extra 1-r0 extra '' yes /srv/other
pkg evil 1.1_rc1-r2 greet '' no /srv/other
printf 'P:base-thing\nV:1.0-r0\nA:x86_64\no:base-thing\n\n' >/lib/apk/db/installed
printf 'http://localhost/main\n@edge http://localhost/edge\n' >/etc/apk/repositories
echo base-thing >/etc/apk/world
echo 'root:*:19000:0:::::' >/etc/shadow
echo 'root:x:0:0:root:/:/bin/sh' >/etc/passwd
echo 'root:x:0:root' >/etc/group
printf 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.23.0\nPRETTY_NAME="Alpine Linux v3.23"\n' >/etc/os-release
rm -r /tmp/pkg
`;

const baseDockerfile = (registry: string) => `FROM ${registry}/debian:trixie-slim AS busybox
RUN apt-get update -q && apt-get install -y -q --no-install-recommends busybox-static && cp "$(command -v busybox)" /busybox
FROM scratch
COPY --from=busybox /busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "/tmp", "/sbin"]
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY --chmod=755 <<'APK' /bin/apk
${apk}APK
COPY <<'SETUP' /setup.sh
${setUp}SETUP
ARG VERSION
RUN sh /setup.sh && rm /setup.sh && echo $VERSION >/etc/apk/version
`;

const changed = /-[0-9a-f]{64} {2}greet-1\.1_rc1-r2\.apk\n[\s\S]*\+[0-9a-f]{64} {2}greet-1\.1_rc1-r2\.apk\n/;
const attacks: Attack[] = [
  {
    what: 'a flipped byte',
    change: 'printf X | dd of=greet-1.1_rc1-r2.apk bs=1 seek=60 conv=notrunc',
    names: changed,
  },
  { what: 'unsigned', change: 'cp /srv/other/evil-1.1_rc1-r2.apk greet-1.1_rc1-r2.apk', names: changed },
  {
    what: 'older, properly signed',
    change: 'rm greet-*.apk; cp /srv/other/greet-1.0-r0.apk .',
    names: /-[0-9a-f]{64} {2}greet-1\.1_rc1-r2\.apk\n[\s\S]*\+|\+[0-9a-f]{64} {2}greet-1\.0-r0\.apk\n/,
  },
  { what: 'a missing file', change: 'rm libgreet-*.apk', names: /-[0-9a-f]{64} {2}libgreet-2\.0a-r0\.apk/ },
  {
    what: 'an extra file',
    change: 'cp /srv/other/extra-1-r0.apk .',
    names: /\+[0-9a-f]{64} {2}extra-1-r0\.apk/,
  },
];

/** The steps for apk under busybox. */
export function apkTests(suite: string): void {
  const engine = engineOf(suite);
  const { registry } = engine;

  test.serial('apk: the base images', async (t) => {
    const project = await newProject(t, engine);
    await project.write('Dockerfile', baseDockerfile(registry));
    for (const version of ['2.14.10', '3.0.6']) {
      const args = ['--provenance=false', '--push', '--build-arg', `VERSION=${version}`];
      await ok(t, project.docker('buildx', 'build', ...args, '-t', `${registry}/alpine:${version}`, '.'));
    }
  });

  for (const version of ['2.14.10', '3.0.6']) {
    test.serial(`apk ${version}: the steps run with busybox only, twice the same`, async (t) => {
      const project = await newProject(t, engine);
      const name = `apk${version.slice(0, 1)}`;
      const image = `${registry}/${name}:v1`;
      const base = `${registry}/alpine:${version}`;
      const packages = ['libgreet', 'greet~1.1', 'base-thing'].flatMap((request) => ['--package', request]);
      const init = await ok(t, project.repro('init', '--image', image, '--base', base, ...packages));
      t.regex(init.output, /alpine \(Alpine Linux v3\.23\)/);
      await ok(t, project.repro('update'));
      const locked = [
        ...(await project.read('repro.lock')).matchAll(/\{ name = "([^"]+)", version = "([^"]+)"/g),
      ];
      t.deepEqual(
        locked.map((found) => found.slice(1).join(' ')),
        ['base-thing 1.1-r0', 'greet 1.1_rc1-r2', 'libgreet 2.0a-r0'],
      );
      const digests = new Set<string>();
      // The second time on a busy machine: the places of the mounts were made long before the script runs.
      const slow = (text: string) => text.replace(/^since=/m, 'sleep 3\n$&');
      for (const change of [String, slow]) {
        await project.write('docker-bake.hcl', change(await project.read('docker-bake.hcl')));
        await ok(t, project.bake('--no-cache', '--push', 'app'));
        await ok(t, project.bake('--no-cache', '--push', 'pkg-cache'));
        const digest = async (tag: string) => (await manifestOf(engine, name, tag)).digest;
        digests.add(`${await digest('v1')} ${await digest('v1-pkg-cache')}`);
      }
      t.is(digests.size, 1);
      const shell = 'greet; cat /etc/apk/world; ls /var/log /tmp; sed "s/:[0-9]*:/ /" /etc/shadow';
      const run = await ok(t, project.docker('run', '--rm', image, 'sh', '-c', shell));
      t.is(
        run.stdout,
        'greet 1.1_rc1-r2\nbase-thing\ngreet~1.1\nlibgreet\n/tmp:\nbase-thing-1.0-r0.apk\n\n/var/log:\nroot:* 0:::::\nbase-thing:! 0:99999:7:::\ngreet:! 0:99999:7:::\nlibgreet:! 0:99999:7:::\n',
      );
    });
  }

  attackTests(engine, {
    name: 'apk',
    base: 'alpine:3.0.6',
    packages: ['greet'],
    attacks,
    touched: /#\d+ [\d.]+ (Installing|SCRIPT RUNS)/,
  });
}
