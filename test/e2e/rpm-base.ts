/*
 * Debian has the real dnf (4 in trixie, 5 in sid), zypper and rpm. The repository is inside the image, since a build
 * step can't reach a server on the machine's loopback.
 */

/** Makes signed packages and a signed repository below /srv/repo, others below /srv/other, and the keys. */
const makeRepository = String.raw`set -eu
export GNUPGHOME=/tmp/signing SOURCE_DATE_EPOCH=1700000000
mkdir -m 700 $GNUPGHOME && mkdir -p /srv/repo /srv/other /srv/base /tmp/build && cd /tmp/build
for who in packager stranger; do
  gpg -q --batch --passphrase '' --quick-generate-key "$who <$who@example.org>" rsa2048 sign never
  gpg -q --armor --export $who >/srv/$who.asc
done
sign() { rpmsign --define "_gpg_name $1" --addsign "$2" >/dev/null; }

# pkg FOLDER KEY NAME EPOCH VERSION RELEASE LINE...: files are below ./root, parts of the spec file with scripts in ./scripts
pkg() {
  folder=$1 key=$2 name=$3 epoch=$4 version=$5 release=$6; shift 6
  mkdir -p root && touch scripts
  {
    printf 'Name: %s\nVersion: %s\nRelease: %s\nSummary: A <test> & "more"\nLicense: MIT\nBuildArch: noarch\nAutoReqProv: no\n' "$name" "$version" "$release"
    [ -z "$epoch" ] || echo "Epoch: $epoch"
    [ $# = 0 ] || printf '%s\n' "$@"
    printf '%%description\n%s\n%%install\nmkdir -p %%{buildroot}\ncp -a /tmp/build/root/. %%{buildroot}/\n%%files\n' "$name"
    (cd root && find . -type f -printf '/%P\n')
    cat scripts
  } >spec
  rpmbuild -bb --quiet --define '_topdir /tmp/build' --define '_rpmdir /tmp/build/rpms' --define 'use_source_date_epoch_as_buildtime 1' \
    --define '_buildhost localhost' --define '__os_install_post %nil' spec
  [ -z "$key" ] || sign $key rpms/noarch/*.rpm
  mv rpms/noarch/*.rpm /srv/$folder/
  rm -rf root scripts
}
program() { mkdir -p root/usr/bin; printf '#!/bin/sh\necho "%s"\n' "$2" >root/usr/bin/$1; chmod 755 root/usr/bin/$1; }
script() { printf '%%post\necho SCRIPT RUNS %s\nmkdir -p /var/lib/%s\necho "$SOURCE_DATE_EPOCH $1" >/var/lib/%s/epoch\nln -sf epoch /var/lib/%s/link\n' $1 $1 $1 $1 >scripts; }

pkg base '' test-release '' 42 1 'Provides: system-release = 42' 'Provides: system-release(releasever) = 42' 'Provides: /bin/sh'
program base-thing 'base 1.0'; pkg base '' base-thing '' 1.0 1
program old-name old; pkg base '' old-name '' 1.0 1
program stay stays; pkg base '' stay '' 1.0 1

program base-thing 'base 1.1'; pkg repo packager base-thing '' 1.1 1
program new-name new; pkg repo packager new-name '' 2.0 1 'Obsoletes: old-name < 2' 'Provides: old-name = 2.0'
program stay stays; pkg repo packager stay '' 1.0 1
mkdir -p root/usr/lib; echo lib >root/usr/lib/libgreet; pkg repo packager libgreet 1 2.0 1.1
for version in 1.0 1.1; do
  program greet "greet $version"; script greet
  pkg repo packager greet '' $version 1 'Requires: libgreet >= 1:1' "Requires: base-thing >= $version" 'Recommends: greet-extras' 'Requires: (old-name if old-name)'
done
program greet-extras extras; pkg repo packager greet-extras '' 1.0~rc1 1
mkdir -p root/usr/share; head -c 2000000 /dev/urandom >root/usr/share/noise
printf '%%transfiletriggerin -- /usr/bin\nmkdir -p /var/lib/noise\necho triggered >/var/lib/noise/trigger\n%%triggerin -- wave\nmkdir -p /var/lib/noise\necho wave >/var/lib/noise/wave\n' >scripts
pkg repo packager noise '' 20240101^git1.abc 1.x 'Requires: virtual(wave) = 1'
program wave wave; pkg repo packager wave '' 1 1 'Provides: virtual(wave) = 1'
pkg repo packager o++d.na_me '' 0.1+r5 1
pkg repo packager two '' 1 1 'Provides: two = 1'
createrepo_c -q --revision 1 --set-timestamp-to-revision /srv/repo
gpg -q --batch -u packager --detach-sign --armor /srv/repo/repodata/repomd.xml

pkg other packager extra '' 1 1
mkdir /srv/other/stranger /srv/other/unsigned
for folder in stranger unsigned; do
  program greet EVIL; printf '%%post\necho EVIL RUNS\n' >scripts
  pkg other/$folder "$(echo $folder | sed s/unsigned//)" greet '' 1.1 1 'Requires: libgreet >= 1:1'
done
`;

const osRelease: Record<string, string> = {
  rocky:
    'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\nPRETTY_NAME="Rocky Linux 9.6 (Blue Onyx)"\n',
  fedora: 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42 (Container Image)"\n',
  opensuse:
    'NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\nPRETTY_NAME="openSUSE Leap 15.6"\n',
};

const repository = (key: string) =>
  `[test]\nname=test\nbaseurl=file:///srv/repo\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n${key}`;

/** Targets `rocky` (dnf 4), `fedora` (dnf 5) and `opensuse` (zypper). */
export function rpmBaseDockerfile(registry: string): string {
  const install = (packages: string) =>
    `apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ${packages} && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/ldconfig/*`;
  const base = (name: string, dbpath: string, repoFile: string, key: string, more: string) => `
FROM ${name}-tools AS ${name}
COPY --from=repository /srv /srv
COPY <<'RELEASE' /usr/lib/os-release
${osRelease[name]}RELEASE
COPY <<'REPO' ${repoFile}
${repository(key)}REPO
RUN mkdir -p /etc/rpm ${dbpath} && printf '%%_dbpath ${dbpath}\\n%%__transaction_unshare %%{nil}\\n' >/etc/rpm/macros.test && rpm -U /srv/base/*.rpm && rm -r /srv/base \
  && ${more} && rm -f ${dbpath}/rpmdb.sqlite-* /usr/bin/find /usr/bin/xargs /usr/bin/diff /usr/bin/awk /usr/bin/mawk
`;
  const dnfKey = 'gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-test-$releasever\n';
  const placeKey = 'mkdir -p /etc/pki/rpm-gpg && cp /srv/packager.asc /etc/pki/rpm-gpg/RPM-GPG-KEY-test-42';
  return `FROM ${registry}/debian:trixie-slim AS repository
RUN ${install('rpm createrepo-c gpg gpg-agent')}
COPY <<'SCRIPT' /tmp/repository.sh
${makeRepository}SCRIPT
RUN bash /tmp/repository.sh

FROM ${registry}/debian:trixie-slim AS rocky-tools
RUN ${install('dnf rpm gpg')}

FROM ${registry}/debian:trixie-slim AS fedora-tools
RUN sed -i '/^$/,$d; s/^Suites: .*/Suites: sid/' /etc/apt/sources.list.d/debian.sources && ${install('dnf5 rpm gpg')}

FROM ${registry}/debian:trixie-slim AS opensuse-tools
RUN ${install('zypper rpm gpg gpg-agent')}
${base('rocky', '/var/lib/rpm', '/etc/yum.repos.d/test.repo', dnfKey, placeKey)}
${base('fedora', '/usr/lib/sysimage/rpm', '/etc/yum.repos.d/test.repo', dnfKey, placeKey)}
${base('opensuse', '/var/lib/rpm', '/etc/zypp/repos.d/test.repo', '', 'rpmkeys --import /srv/packager.asc')}`;
}
