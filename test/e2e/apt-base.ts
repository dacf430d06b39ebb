/*
 * Images with a small signed repository in them, since a build step can't reach a server on the machine's loopback. What
 * Debian's own archive does is in loop.ts.
 */

/** Makes packages and a signed repository in /srv/repo, others in /srv/other, and keys. */
const makeRepository = String.raw`set -eu
export GNUPGHOME=/tmp/signing SOURCE_DATE_EPOCH=1700000000
mkdir -m 700 $GNUPGHOME && mkdir -p /srv/repo /srv/other /srv/base /tmp/build && cd /tmp/build
for who in packager stranger; do
  gpg -q --batch --passphrase '' --quick-generate-key "$who <$who@example.org>" rsa2048 sign never
  gpg -q --armor --export $who >/srv/$who.asc
done

# pkg FOLDER NAME VERSION LINE...: files are below ./root, maintainer scripts and triggers in ./root/DEBIAN
pkg() {
  folder=$1 name=$2 version=$3; shift 3
  mkdir -p root/DEBIAN
  printf '%s\n' "Package: $name" "Version: $version" 'Architecture: all' 'Maintainer: Packager <packager@example.org>' "$@" \
    "Description: a <test> & more: $name" ' of several lines' >root/DEBIAN/control
  dpkg-deb --root-owner-group -b root "/srv/$folder/$(printf '%s_%s_all.deb' "$name" "$version" | sed 's/[0-9]*://')" >/dev/null
  rm -rf root
}
program() { mkdir -p root/usr/bin; printf '#!/bin/sh\necho "%s"\n' "$2" >root/usr/bin/$1; chmod 755 root/usr/bin/$1; }
script() {
  mkdir -p root/DEBIAN
  printf '#!/bin/sh\n[ "$1" != configure ] || { echo SCRIPT RUNS %s; mkdir -p /var/lib/%s; echo "$SOURCE_DATE_EPOCH" >/var/lib/%s/epoch; }\n%s\n' $1 $1 $1 "$2" >root/DEBIAN/postinst
  chmod 755 root/DEBIAN/postinst
}

program base-thing 'base 1.0'; pkg base base-thing 1.0-1
program old-name old; pkg base old-name 1.0-1
program stay stays; pkg base stay 1.0-1

program base-thing 'base 1.1'; pkg repo base-thing 1.1-1
program new-name new; pkg repo new-name 2.0-1 'Conflicts: old-name' 'Replaces: old-name' 'Provides: old-name (= 2.0)'
program stay stays; pkg repo stay 1.0-1
mkdir -p root/usr/lib; echo lib >root/usr/lib/libgreet; pkg repo libgreet 1:2.0-1.1 'Source: greet-libs'
for version in 1.0 1.1; do
  program greet "greet $version"; script greet ''
  pkg repo greet $version-1 'Depends: libgreet (>= 1:1)' "Pre-Depends: base-thing (>= $version)" 'Recommends: greet-extras'
done
program greet-extras extras; pkg repo greet-extras 1.0~rc1-1 'Section: libs'
mkdir -p root/usr/share root/DEBIAN; head -c 2000000 /dev/urandom >root/usr/share/noise
echo 'interest-noawait /usr/bin' >root/DEBIAN/triggers
script noise '[ "$1" != triggered ] || echo "$2" >/var/lib/noise/trigger'; pkg repo noise 20240101+git1-1 'Depends: virtual-wave'
program wave wave; pkg repo wave 1-1 'Provides: virtual-wave (= 1)'
program odd odd; pkg repo o++d.na-me 0.1+r5-1 'Pre-Depends: noise'

index() {
  for file in *.deb; do
    dpkg-deb -f $file
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' $file "$(stat -c %s $file)" "$(sha256sum <$file | cut -c-64)"
  done >Packages
  printf '%s\n' 'Origin: test' 'Date: Tue, 14 Nov 2023 22:13:20 UTC' SHA256: " $(sha256sum <Packages | cut -c-64) $(stat -c %s Packages) Packages" >Release
}
cd /srv/repo && index
gpg -q --batch -u packager --clearsign -o InRelease Release
mkdir /srv/stranger /srv/unsigned
gpg -q --batch -u stranger --clearsign -o /srv/stranger/InRelease Release
rm Release

cd /tmp/build
pkg other extra 1-1
program greet EVIL; script greet 'echo EVIL RUNS'; pkg other greet 1.1-1 'Depends: libgreet (>= 1:1)'
`;

const sources = `Types: deb
URIs: file:/srv/repo
Suites: ./
Signed-By: /srv/packager.asc
`;

/** Targets `debian`, and `stranger` and `unsigned`, whose repository nobody who is known has signed. */
export function aptBaseDockerfile(registry: string): string {
  return `FROM ${registry}/debian:trixie-slim AS repository
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends gpg gpg-agent
COPY <<'SCRIPT' /tmp/repository.sh
${makeRepository}SCRIPT
RUN bash /tmp/repository.sh

FROM ${registry}/debian:trixie-slim AS debian
COPY --from=repository /srv /srv
COPY <<'SOURCES' /etc/apt/sources.list.d/debian.sources
${sources}SOURCES
RUN dpkg -i /srv/base/*.deb && rm -r /srv/base /var/log/dpkg.log

FROM debian AS stranger
RUN cp /srv/stranger/InRelease /srv/repo/

FROM debian AS unsigned
RUN sed '1,/^$/d; /^-----BEGIN/,$d' /srv/repo/InRelease >/srv/repo/Release && rm /srv/repo/InRelease
`;
}
