import type { Package } from '../../model.ts';
import { compareWithLock, markStart, mustBeRoot, putBack, setAside } from '../steps.ts';
import { fileName } from './inventory.ts';

/*
 * Shell text that the RPM families share. Their base images have bash, coreutils, sed, grep and rpm; the smaller ones
 * have no find, xargs, awk or diff.
 */

export const dollar = '$';

/** Where both steps keep what they need: /dev is not part of the image, so the mount leaves no trace. */
export const scratch = '--mount=type=tmpfs,target=/dev/repro';

export const head = `set -euo pipefail
export LC_ALL=C
shopt -s nullglob globstar dotglob
tmp=/dev/repro`;

/**
 * Ends the step where a package in the working folder is not signed by a key that rpm has, or by one of ${keys}. Of the
 * latter, rpm gets those that are needed, as it does in an installation. (Without the macro unsigned packages are "OK".)
 */
export const checkSignatures = String.raw`
# Each package must be signed by a key of the base image. rpm gets those that are needed, as in any installation.
check_signatures() { rpmkeys --define '_pkgverify_level all' "$@" --checksig -- *.rpm; }
packages=(*.rpm)
for key in "${dollar}{keys[@]}"; do
  if [ ${dollar}{#packages[@]} = 0 ] || check_signatures &>/dev/null; then break; fi
  [ -e "$key" ] || continue
  rm -rf "$tmp/keyring"
  mkdir "$tmp/keyring"
  rpmkeys --dbpath "$tmp/keyring" --import "$key"
  check_signatures --dbpath "$tmp/keyring" &>"$tmp/signatures" || true
  ! grep -q ': .*signatures OK$' "$tmp/signatures" || rpmkeys --import "$key"
done
if [ ${dollar}{#packages[@]} -gt 0 ] && ! check_signatures >"$tmp/signatures"; then
  sed -n 's/^\(.*\): .*NOT OK.*/ERROR: \1 is not signed by a key of the base image/p' "$tmp/signatures" >&2
  exit 1
fi`;

/** Ends the step where a file has another package in it than its name says. */
export const checkNames = String.raw`
# And be the one that its name says.
mapfile -t names < <([ ${dollar}{#packages[@]} = 0 ] ||
  rpm -qp --nosignature --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' "${dollar}{packages[@]}")
for index in "${dollar}{!packages[@]}"; do
  file=${dollar}{packages[index]} name=${dollar}{names[index]}
  [ "$file" = "$name.rpm" ] || { echo "ERROR: $file: the package in it is $name" >&2; exit 1; }
done`;

/** Prints one package's line of the inventory: FILE REPOSITORY. */
const describe = String.raw`describe() {
  sum=$(sha256sum <"$1")
  rpm -qp --nosignature --qf "%{NAME}\t%{EVR}\t%{ARCH}\t${dollar}{sum%% *}\t$(stat -c %s "$1")\t%{SOURCERPM}\t$2\n" "$1" |
    sed 's/\t0:/\t/; s/-[^-\t]*-[^-\t]*\.rpm\t/\t/'
}`;

/** The inventory of /out/packages; repositories are in the array from. */
export const makeInventory = `# The files get rpm's names, and a list.
${describe}
for file in *.rpm; do
  name=$(rpm -qp --nosignature --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm' "$file")
  [ "$file" = "$name" ] || mv -n "$file" "$name"
  describe "$name" "${dollar}{from[$file]:-}" >"$tmp/$name.line"
done
lines=("$tmp"/*.line)
cat /dev/null "${dollar}{lines[@]}" >/out/index/INVENTORY
for file in /out/**; do
  [ -d "$file" ] || chmod 0644 "$file"
  touch -h -d @0 "$file"
done
touch -d @0 /out
`;

export function describeScript(): string {
  return `#!/bin/bash
# List the packages that the Dockerfile's own stage has collected.
${head}
mkdir -p /out/index
${describe}
for file in /mnt/**/*.rpm; do describe "$file" ''; done >/out/index/INVENTORY
chmod 0644 /out/index/INVENTORY
touch -d @0 /out/index/INVENTORY /out/index /out
`;
}

/** The begin of an installation: ${unstable} are files with times or random numbers in them, put back at the end. */
export function begin(locked: readonly Package[] | undefined, unstable: readonly string[]): string {
  return `#!/bin/bash
# Install from the package cache at /mnt, and from nothing else.
${head}
${mustBeRoot}
${markStart}

cd /mnt
for file in **; do
  [[ ( -d $file && ! -L $file ) || $file = INVENTORY ]] || sha256sum -- "$file"
done >"$tmp/cache"
${compareWithLock(locked, fileName)}
# What is written with times or random numbers in it: to be put back as the base image has it.
${setAside(['/etc/machine-id', '/var/cache/ldconfig/aux-cache', ...unstable].join(' '))}
cd /mnt`;
}

/** The end: what is installed is compared, and what was kept is put back. */
export const end = String.raw`
# Each package of the cache must be installed now: the base image may have had a newer one.
rpm -qa --qf '%{NEVRA}\n' | sort >"$tmp/installed"
if [ ${dollar}{#packages[@]} -gt 0 ]; then rpm -qp --nosignature --qf '%{NEVRA}\n' "${dollar}{packages[@]}"; fi | sort >"$tmp/wanted"
if comm -13 "$tmp/installed" "$tmp/wanted" | grep . >&2; then
  echo 'ERROR: the packages above are in the package cache, and were not installed from it' >&2
  exit 1
fi

${putBack}
database=$(rpm -E %_dbpath)
[ -s "$database/rpmdb.sqlite-wal" ] || rm -f "$database"/rpmdb.sqlite-{shm,wal}
rm -f "$database"/__db.*
# One time for all that this step made: what is mounted is not part of the image.
mounted=()
while read -r _ _ _ _ point _; do [ "$point" = / ] || mounted+=("--exclude=$point"); done </proc/self/mountinfo
while IFS=$'\t' read -r -d '' _ time file; do
  # The time of a folder is that of the newest file in it here; of a link, bash looks at the target.
  ((time < since)) || [[ ! -L $file && ! $file -nt $tmp/start ]] || touch -h -d "@$SOURCE_DATE_EPOCH" "$file"
done < <(du --all --count-links --null --time --time-style=+%s "${dollar}{mounted[@]}" /)
`;
