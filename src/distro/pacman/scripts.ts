import type { Package } from '../../model.ts';
import { shellWord } from '../shell.ts';
import { compareWithLock, markStart, mustBeRoot, normalise, oneTime, putBack, setAside } from '../steps.ts';
import { fileName } from './inventory.ts';

/**
 * The base's configuration, with signatures required of every package whatever it says, and with folders of its own.
 * Landlock, which the sandbox of the download user needs, is not there on every builder; the step is a container anyway.
 */
function configure(more: string): string {
  return String.raw`pacman-conf | awk -v tmp="$tmp" '
  /^(CacheDir|CheckSpace|DownloadUser|GPGDir|LogFile|UseSyslog|XferCommand)/ { next }
  { sub(/= Package(Optional|Never)$/, "= PackageRequired") }${more}
  { print }
  $0 == "[options]" { print "CacheDir = " tmp "/packages/\nGPGDir = " tmp "/gnupg/\nLogFile = /dev/null" }
' >"$tmp/pacman.conf"
# gpg writes into the folder of its keys, also where it only verifies.
cp -a "$(pacman-conf GPGDir)" "$tmp/gnupg"`;
}

/** Prints one package's stanza of the inventory: FILE SIGNATURE REPOSITORY. */
const describe = String.raw`describe() {
  bsdtar -xOqf "$1" .PKGINFO | awk '/^(pkgname|pkgbase|pkgver|arch) = /'
  printf 'filesize = %s\nsha256sum = %s\n' "$(stat -c %s "$1")" "$(sha256sum <"$1" | cut -c-64)"
  [ ! -e "$2" ] || printf 'pgpsig = %s\n' "$(base64 -w0 "$2")"
  [ -z "$3" ] || printf 'repository = %s\n' "$3"
  echo
}`;

export function collectScript(requests: readonly string[]): string {
  return String.raw`#!/bin/bash
# Download what an installation on this base image would download: an upgrade of the whole, since Arch Linux knows no other.
# pacman checks each package's signature against the keys of the base image.
set -euo pipefail
export LC_ALL=C
shopt -s nullglob
tmp=/tmp/repro
mkdir -p /out/packages /out/index "$tmp/packages"
${configure('')}
pacman=(pacman --config "$tmp/pacman.conf" --noconfirm --noprogressbar)
requests=(${requests.map(shellWord).join(' ')})
"${'$'}{pacman[@]}" -Syu --needed --downloadonly -- "${'$'}{requests[@]}"
"${'$'}{pacman[@]}" -Su --needed --print --print-format '@ %n %v %r' -- "${'$'}{requests[@]}" >"$tmp/transaction"

declare -A repository=()
while read -r mark name version from; do
  [ "$mark" != @ ] || repository[$name-$version]=$from
done <"$tmp/transaction"
${describe}
for file in "$tmp"/packages/*.pkg.tar*; do
  case $file in *.sig) continue ;; esac
  { read -r name; read -r version; read -r arch; } < <(bsdtar -xOqf "$file" .PKGINFO |
    awk '/^(pkgname|pkgver|arch) = / { value[$1] = $3 } END { print value["pkgname"] "\n" value["pkgver"] "\n" value["arch"] }')
  from=${'$'}{repository[$name-$version]:-}
  [ -n "$from" ] || { echo "ERROR: pacman downloaded $name $version, and would not install it" >&2; exit 1; }
  mv "$file" "/out/packages/$name-$version-$arch.pkg.tar"
  describe "/out/packages/$name-$version-$arch.pkg.tar" "$file.sig" "$from" >"$tmp/$name-$version-$arch.stanza"
done
stanzas=("$tmp"/*.stanza)
[ ${'$'}{#stanzas[@]} = ${'$'}{#repository[@]} ] || { echo "ERROR: pacman did not download all of ${'$'}{!repository[*]}" >&2; exit 1; }
cat /dev/null "${'$'}{stanzas[@]}" >/out/index/INVENTORY
${normalise()}
`;
}

export function describeScript(): string {
  return `#!/bin/bash
# List the packages that the Dockerfile's own stage has collected.
set -euo pipefail
export LC_ALL=C
mkdir -p /out/index
${describe}
find /mnt -name '*.pkg.tar*' ! -name '*.sig' -type f -print0 | sort -z | while IFS= read -r -d '' file; do
  describe "$file" "$file.sig" ''
done >/out/index/INVENTORY
${normalise()}
`;
}

/** What the database of a repository says of a package, from its .PKGINFO (as repo-add has it). */
const fields =
  'pkgname NAME pkgbase BASE pkgver VERSION pkgdesc DESC group GROUPS size ISIZE url URL license LICENSE arch ARCH builddate BUILDDATE ' +
  'packager PACKAGER replaces REPLACES conflict CONFLICTS provides PROVIDES depend DEPENDS optdepend OPTDEPENDS';

export function installScript(requests: readonly string[], locked: readonly Package[] | undefined): string {
  return String.raw`#!/bin/bash
# Install from the package cache at /mnt, and from nothing else.
set -euo pipefail
export LC_ALL=C
shopt -s nullglob
${mustBeRoot}
tmp=/var/cache/pacman/repro
mkdir -p "$tmp/packages" "$tmp/databases"
${markStart}
touch "$tmp/wanted"

cd /mnt
find . ! -type d ! -path ./INVENTORY -printf '%P\0' | sort -z | xargs -0r sha256sum -- >"$tmp/cache"
${compareWithLock(locked, fileName)}
# From the cache's inventory only signatures and the names of repositories are taken: pacman checks the former.
declare -A from=() signature=()
while read -r sum repository text; do
  case $sum in *[!0-9a-f]*) ;; *) from[$sum]=$repository signature[$sum]=$text ;; esac
done < <(awk '
  function field(name) { return match("\n" $0, "\n" name " = [^ \n]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : "?" }
  { print field("sha256sum"), field("repository"), field("pgpsig") }
' RS= INVENTORY)

# A database for each repository, made from the packages themselves.
${configure(`
  /^(CacheServer|Server) = / { sub(/= .*/, "= file:///mnt") }
  { sub(/= Database(Optional|Required)$/, "= DatabaseNever") }`)}
for repository in $(pacman-conf --repo-list); do mkdir "$tmp/databases/$repository"; done
while read -r sum file; do
  repository=${'$'}{from[$sum]:-?}
  [[ $repository != */* && $repository != .* && -d $tmp/databases/$repository ]] || { echo "ERROR: $file: the base image has no repository $repository" >&2; exit 1; }
  bsdtar -xOqf "$file" .PKGINFO >"$tmp/info"
  entry=$(awk '{ value[$1] = $3 } END { print value["pkgname"] "-" value["pkgver"] "-" value["arch"] }' "$tmp/info")
  [ "$file" = "$entry.pkg.tar" ] || { echo "ERROR: $file: the package in it is $entry" >&2; exit 1; }
  mkdir "$tmp/databases/$repository/${'$'}{entry%-*}"
  awk -v file="$file" -v sum="$sum" -v size="$(stat -c %s "$file")" '
    { key = $1; if (sub(/^[a-z]+ = /, "")) values[key] = values[key] $0 "\n" }
    END {
      printf "%%FILENAME%%\n%s\n\n%%CSIZE%%\n%s\n\n%%SHA256SUM%%\n%s\n\n", file, size, sum
      count = split("${fields}", names, " ")
      for (i = 1; i < count; i += 2) if (names[i] in values) printf "%%%s%%\n%s\n", names[i + 1], values[names[i]]
    }' "$tmp/info" >"$tmp/databases/$repository/${'$'}{entry%-*}/desc"
  ln -s "/mnt/$file" "$tmp/packages/$file"
  base64 -d <<<"${'$'}{signature[$sum]}" >"$tmp/packages/$file.sig" 2>/dev/null || { echo "ERROR: $file has no signature" >&2; exit 1; }
  echo "${'$'}{entry%-*}" >>"$tmp/wanted"
done <"$tmp/cache"
for database in "$tmp"/databases/*; do
  ls "$database" | bsdtar -cf "/var/lib/pacman/sync/${'$'}{database##*/}.db" --format ustar -C "$database" -T -
done

# What the packages' scripts write with times or random numbers in it: to be put back as the base image has it.
${setAside('/etc/machine-id /var/cache/ldconfig/aux-cache')}
cd /mnt

pacman=(pacman --config "$tmp/pacman.conf" --noconfirm --noprogressbar)
# What the base image has already is not in the cache.
requests=()
for request in ${requests.map(shellWord).join(' ')}; do
  if "${'$'}{pacman[@]}" -Sddp -- "$request" >/dev/null 2>&1 ||
    ! { pacman -T -- "${'$'}{request#*/}" || pacman -Qg -- "${'$'}{request#*/}"; } >/dev/null 2>&1; then
    requests+=("$request")
  fi
done
"${'$'}{pacman[@]}" -Su --needed -- "${'$'}{requests[@]}" || {
  # pacman names the key only.
  while read -r sum file; do
    gpg --homedir "$tmp/gnupg" --batch --verify "$tmp/packages/$file.sig" "$file" 2>/dev/null ||
      echo "ERROR: $file is not signed by a key of the base image" >&2
  done <"$tmp/cache"
  exit 1
}

# The base image may have had a newer version, which pacman keeps.
while read -r entry; do
  if [ -e "/var/lib/pacman/local/$entry/desc" ]; then
    sed -i "/^%INSTALLDATE%$/{n;s/.*/$SOURCE_DATE_EPOCH/}" "/var/lib/pacman/local/$entry/desc"
  else
    echo "$entry" | tee -a "$tmp/missing" >&2
  fi
done <"$tmp/wanted"
if [ -e "$tmp/missing" ]; then
  echo 'ERROR: the packages above are in the package cache, and were not installed from it' >&2
  exit 1
fi

${putBack}
${oneTime}
`;
}
