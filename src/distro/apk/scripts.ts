import type { Package } from '../../model.ts';
import { shellWord } from '../shell.ts';
import { compareWithLock, markStart, mustBeRoot, normalise, oneTime } from '../steps.ts';
import { fileName } from './inventory.ts';

/* For the shell and the tools of busybox. */

/** The database of installed packages (apk-tools, database.c). */
const installed = '/lib/apk/db/installed';

/** 1980-01-01: `apk mkndx` aborts on packages of time 0. */
const time = 315532800;

const dollar = '$';

export function collectScript(requests: readonly string[]): string {
  return String.raw`#!/bin/sh
# Download what an installation on this base image downloads, by installing, without the packages' scripts. apk checks
# the signature of each repository's index and of each package against the keys of the base image.
set -eu
export LC_ALL=C
tmp=/tmp/repro
mkdir -p /out/packages /out/index "$tmp"
apk add --no-progress --no-scripts --cache-dir "$tmp" ${requests.map(shellWord).join(' ')}
for file in "$tmp"/*.apk; do
  [ -e "$file" ] || continue
  name=${dollar}{file##*/}
  mv "$file" "/out/packages/${dollar}{name%.????????.apk}.apk"   # from NAME-VERSION.HASH.apk
done

# The inventory: what apk's database says of each.
cd /out/packages
for file in *.apk; do
  [ ! -e "$file" ] || echo "$(sha256sum <"$file" | cut -c -64) $(($(wc -c <"$file"))) $file"
done >"$tmp/files"
awk '
  function field(name) { return match("\n" $0, "\n" name ":[^\n]*") ? substr($0, RSTART + length(name) + 1, RLENGTH - length(name) - 2) : "" }
  !database { file[++count] = $3; sum[$3] = $1; size[$3] = $2; next }
  { name = field("P") "-" field("V") ".apk" }
  name in sum { text[name] = "P:" field("P") "\nV:" field("V") "\nA:" field("A") "\no:" field("o") }
  END {
    for (i = 1; i <= count; i++) {
      name = file[i]
      if (!(name in text)) { print "ERROR: apk downloaded " name ", and did not install it" >"/dev/stderr"; bad = 1 }
      print text[name] "\nS:" size[name] "\nsha256:" sum[name] "\n"
    }
    exit bad
  }' "$tmp/files" database=1 RS= ${installed} >/out/index/INVENTORY
${normalise(time)}
`;
}

export function describeScript(): string {
  return String.raw`#!/bin/sh
# List the packages that the Dockerfile's own stage has collected.
set -eu
export LC_ALL=C
mkdir -p /out/index
find /mnt -name '*.apk' -type f | sort | while IFS= read -r file; do
  if [ "$(head -c 3 "$file")" = ADB ]; then
    echo "ERROR: $file has the format of apk-tools 3, which can't be described" >&2
    exit 1
  fi
  tar -xzOf "$file" .PKGINFO | awk '
    / = / { key = $1; sub(/^[a-z]+ = /, ""); value[key] = $0 }
    END { print "P:" value["pkgname"] "\nV:" value["pkgver"] "\nA:" value["arch"] "\no:" value["origin"] }'
  printf 'S:%s\nsha256:%s\n\n' "$(($(wc -c <"$file")))" "$(sha256sum <"$file" | cut -c -64)"
done >/out/index/INVENTORY
${normalise(time)}
`;
}

export function installScript(requests: readonly string[], locked: readonly Package[] | undefined): string {
  return String.raw`#!/bin/sh
# Install from the package cache at /mnt, and from nothing else.
set -eu
export LC_ALL=C
${mustBeRoot}
tmp=/dev/repro
${markStart}

cd /mnt
find . ! -type d ! -path ./INVENTORY -print0 | xargs -0 -r sha256sum | sed 's|  \./|  |' >"$tmp/cache"
${compareWithLock(locked, fileName)}
# A throw-away index. Both commands refuse a package that is not signed by a key of the base image.
arch=$(apk --print-arch)
mkdir "$tmp/$arch"
sed 's/^[0-9a-f]*  //' "$tmp/cache" | while IFS= read -r file; do ln -s "/mnt/$file" "$tmp/$arch/$file"; done
cd "$tmp"
set -- "$arch"/*.apk
[ -e "$1" ] || set --
if head -c 3 "$@" /dev/null | grep -q '^ADB'; then
  index=$tmp/$arch/Packages.adb   # packages in the format of apk-tools 3
  apk mkndx -o "$index" "$@"
else
  index=$tmp
  apk index --no-warnings --rewrite-arch "$arch" -o "$arch/APKINDEX.tar.gz" "$@"
fi

# --allow-untrusted is for this index, which nobody signed; each package must match its hash in it.
{
  echo "$index"
  sed -n "s|^\(@[^[:space:]]*\).*|\1 $index|p" /etc/apk/repositories
} >repositories
case "$(apk --version)" in
'apk-tools 2.'*) set -- ;;
*) set -- --no-logfile ;;
esac
apk add "$@" --no-progress --no-network --no-cache --allow-untrusted --repositories-file repositories \
  ${requests.map(shellWord).join(' ')}

# The base image may have had a newer version, which apk keeps.
awk -F : '$1 == "P" { name = substr($0, 3) } $1 == "V" { print name "-" substr($0, 3) ".apk" }' ${installed} >installed
awk '
  !wanted { installed[$0]; next }
  !(substr($0, 67) in installed) { print substr($0, 67); bad = 1 }
  END { exit bad }
' installed wanted=1 cache >&2 || {
  echo 'ERROR: the packages above are in the package cache, and were not installed from it' >&2
  exit 1
}

# adduser of busybox, in packages' scripts, writes the day of the build into /etc/shadow.
if [ -f /etc/shadow ]; then
  sed "s/:$(($(date +%s) / 86400)):0:99999:7:::\$/:$((SOURCE_DATE_EPOCH / 86400)):0:99999:7:::/" /etc/shadow >shadow
  cmp -s shadow /etc/shadow || cat shadow >/etc/shadow
fi
${oneTime}
`;
}
