/*
 * Debian has the real pacman: 7 in trixie, 6 in bookworm. The repositories are inside the image, since a build step
 * can't reach a server on the machine's loopback.
 */

/** Makes signed packages and databases below /srv/repo, and a keyring that trusts their key. */
const makeRepositories = String.raw`set -eu
export GNUPGHOME=/tmp/signing
mkdir -m 700 $GNUPGHOME /etc/pacman.d /etc/pacman.d/gnupg
gpg -q --batch --passphrase '' --quick-generate-key 'Packager <packager@example.org>' rsa2048 sign never
key=$(gpg --list-keys --with-colons | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p')
touch /etc/pacman.d/gnupg/pubring.gpg   # as pacman-key has it
gpg -q --export | gpg -q --homedir /etc/pacman.d/gnupg --import
echo "$key:6:" | gpg -q --homedir /etc/pacman.d/gnupg --import-ownertrust

# pkg REPOSITORY NAME VERSION ARCH ENDING LINE...: files are below ./root, an install script is ./install
mkdir /tmp/pkg && cd /tmp/pkg && mkdir root
pkg() {
  repository=$1 name=$2 version=$3 arch=$4 ending=$5; shift 5
  mkdir -p /srv/repo/$repository
  cd root
  [ ! -e ../install ] || mv ../install .INSTALL
  {
    printf 'pkgname = %s\npkgbase = %s\nxdata = pkgtype=pkg\npkgver = %s\npkgdesc = A = test: %s\nurl = https://example.org\n' $name "${'$'}{base:-$name}" $version $name
    printf 'builddate = 1700000000\npackager = Packager <packager@example.org>\nsize = %s\narch = %s\nlicense = MIT\n' $(du -sb . | cut -f 1) $arch
    [ $# = 0 ] || printf '%s\n' "$@"
  } >.PKGINFO
  find . -exec touch -h -d @1700000000 {} +
  files=$(ls -A)
  bsdtar -cf - --uid 0 --gid 0 --format=mtree --options='!all,use-set,type,uid,gid,mode,time,size,sha256,link' $files | gzip -n >.MTREE
  file=/srv/repo/$repository/$name-$version-$arch.pkg.tar.$ending
  bsdtar -caf $file --uid 0 --gid 0 .MTREE $files
  gpg -q --detach-sign --no-armor $file
  cd .. && rm -rf root && mkdir root
  repo-add -q -R /srv/repo/$repository/$repository.db.tar.gz $file >/dev/null
}
program() { mkdir -p root/usr/bin; printf '#!/bin/sh\necho "%s"\n' "$2" >root/usr/bin/$1; chmod 755 root/usr/bin/$1; }
script() { printf 'post_install() {\n  echo SCRIPT RUNS %s\n  mkdir -p /var/lib/%s\n  echo "$SOURCE_DATE_EPOCH" >/var/lib/%s/epoch\n  echo $1 >/var/lib/%s/version\n}\npost_upgrade() {\n  post_install $1\n}\n' $1 $1 $1 $1 >install; }

program base-thing 'base 1.0'; pkg base base-thing 1.0-1 x86_64 zst 'provides = thing=1'
program old-tool 'old tool'; pkg base old-tool 3-1 any zst
program stay 'stays'; pkg base stay 1-1 any zst
program greet 'greet 1.0'; script greet; pkg archive greet 1.0-1 x86_64 zst 'depend = libgreet>=1:1' 'depend = thing'

program base-thing 'base 1.1'; pkg core base-thing 1.1-1 x86_64 zst 'provides = thing=2'
program new-tool 'new tool'; pkg core new-tool 1-1 any xz 'replaces = old-tool' 'conflict = old-tool' 'provides = old-tool=3'
mkdir -p root/usr/lib; echo lib >root/usr/lib/libgreet; base=greet-libs pkg core libgreet 1:2.0-1.1 x86_64 zst
program greet 'greet 1.1'; script greet; pkg extra greet 1.1-1 x86_64 zst 'depend = libgreet>=1:1' 'depend = thing' 'optdepend = noise: louder'
head -c 2000000 /dev/urandom >noise; mkdir -p root/usr/share; mv noise root/usr/share/noise; pkg extra noise 20240101+r5~g1-1 any zst 'depend = virtual-wave'
pkg extra o++d@d_na.me 0.1.r5.gabc-1 any zst 'group = tools'
mkdir -p root/usr/share/libalpm/hooks
printf '[Trigger]\nOperation = Install\nType = Path\nTarget = usr/share/*\n\n[Action]\nWhen = PostTransaction\nExec = /bin/sh -c "ls /usr/share/noise >/var/lib/hook-ran"\n' >root/usr/share/libalpm/hooks/noise.hook
pkg extra wave 1-1 any gz 'provides = virtual-wave=1' 'group = tools'
mv /srv/repo/base/stay-* /srv/repo/core/ && repo-add -q /srv/repo/core/core.db.tar.gz /srv/repo/core/stay-*.zst
rm -f /srv/repo/*/*.old*

printf '%s\n' '[options]' 'HoldPkg = pacman glibc' 'Architecture = auto' 'SigLevel = Required DatabaseOptional' 'LocalFileSigLevel = Optional' \
  '[core]' 'Server = file:///srv/repo/$repo' '[extra]' 'Include = /etc/pacman.d/mirrorlist' '[archive]' 'SigLevel = Optional' 'Server = file:///srv/repo/$repo' >/etc/pacman.conf
echo 'Server = file:///srv/repo/$repo' >/etc/pacman.d/mirrorlist
printf '%s\n' 'NAME="Arch Linux"' 'PRETTY_NAME="Arch Linux"' 'ID=arch' 'BUILD_ID=rolling' >/etc/os-release.arch
`;

/** Targets `pacman7` and `pacman6`: images whose os-release says Arch Linux, with a few packages of the repositories. */
export function pacmanBaseDockerfile(registry: string): string {
  const base = (name: string, suite: string) => `FROM ${registry}/debian:${suite}-slim AS ${name}-tools
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends pacman-package-manager libarchive-tools && rm -rf /etc/pacman.* /var/lib/apt/lists/* /var/log/* /var/cache/ldconfig/*
`;
  const packages = (name: string) => `FROM ${name}-tools AS ${name}
COPY --from=repositories /srv/repo /srv/repo
COPY --from=repositories /etc/pacman.conf /etc/pacman.conf
COPY --from=repositories /etc/pacman.d /etc/pacman.d
COPY --from=repositories /etc/os-release.arch /usr/lib/os-release
RUN mkdir -p /var/lib/pacman/local /var/cache/pacman/pkg && pacman -U --noconfirm /srv/repo/base/*.zst /srv/repo/core/stay-*.zst && rm -r /var/log/pacman.log /srv/repo/base
`;
  return `${base('pacman7', 'trixie')}
${base('pacman6', 'bookworm')}
FROM pacman7-tools AS repositories
RUN apt-get update -q && apt-get install -y -q --no-install-recommends makepkg
COPY <<'SCRIPT' /tmp/repositories.sh
${makeRepositories}SCRIPT
RUN bash /tmp/repositories.sh

${packages('pacman7')}
${packages('pacman6')}`;
}
