import type { Package } from '../../model.ts';
import type { Intent } from '../family.ts';
import { shellWord } from '../shell.ts';
import { compareWithLock, markStart, mustBeRoot, normalise, oneTime, putBack, setAside } from '../steps.ts';
import { fileName } from './inventory.ts';

/** Options for every apt-get: exact names only (no regular expressions), recommended packages as asked for. */
function installOptions({ recommends }: Intent): string {
  const option = recommends === undefined ? '' : ` -o APT::Install-Recommends=${recommends}`;
  return `-o APT::Cmd::Pattern-Only=true${option}`;
}

const unstable =
  '/etc/machine-id /var/lib/dbus/machine-id /var/cache/ldconfig/aux-cache /var/log/alternatives.log /var/log/fontconfig.log';

/** What /out/index/Packages says of each package; the rest is in the packages themselves. */
const fields = 'Package|Source|Version|Architecture|Section|Priority|Size|SHA256';

/** Gets the indexes of the base image's repositories, each with a signature. */
const update = String.raw`if grep -rsEi '^deb.*\[.*(trusted|allow-insecure) *= *yes|^(trusted|allow-insecure): *yes' /etc/apt/sources.list /etc/apt/sources.list.d; then
  echo 'ERROR: the base image has apt sources that are used without a signature' >&2
  exit 1
fi
apt-get -q -o Acquire::Retries=3 -o Acquire::Languages=none -o Acquire::AllowInsecureRepositories=false \
  -o Acquire::AllowWeakRepositories=false update --error-on=any`;

/** Prints all that the indexes say. */
const indexes = `apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' |
  while read -r list; do /usr/lib/apt/apt-helper cat-file "$list"; echo; done |`;

/** In a raw template literal a `$` before a brace can't be escaped. */
const dollar = '$';

export function collectScript(intent: Intent): string {
  return String.raw`#!/bin/bash
# Download what an installation on this base image would download. apt checks the signature of each
# repository, and each package against its signed index.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
mkdir -p /out/packages /out/index
${update}
collect() {
  apt-get -q -y -o Acquire::Retries=3 -o APT::Get::AllowUnauthenticated=false -o Dir::Cache::Archives=/out/packages \
    -o APT::Get::Always-Include-Phased-Updates=true ${installOptions(intent)} \
    install "$1" --allow-downgrades -- ${intent.requests.map(shellWord).join(' ')}
}
collect --download-only
# apt does not download what a source on the base image itself has.
if apt-get indextargets --format '$(REPO_URI)' | grep '^file:' >/dev/null; then
  collect --print-uris | sed -n "s/^'file:\([^']*\)' \([^ ]*\) .*/\2 \1/p" >/tmp/local
  while read -r file path; do cp "$(printf %b "${dollar}{path//%/\\x}")" "/out/packages/$file"; done </tmp/local
fi
rm -rf /out/packages/partial /out/packages/lock

# The index: what the signed indexes say of each downloaded file, found by its hash.
cd /out/packages
find . -name '*.deb' -printf '%P\0' | sort -z | xargs -0r sha256sum -- >/tmp/sums
${indexes}
  awk '
    !signed { hash[++count] = substr($0, 1, 64); file[hash[count]] = substr($0, 67); next }
    match($0, /\nSHA256: [0-9a-f]+/) { h = substr($0, RSTART + 9, 64); if (h in file) stanza[h] = $0 }
    END {
      for (i = 1; i <= count; i++) {
        h = hash[i]
        if (!(h in stanza)) { print "ERROR: not in a signed index: " file[h] >"/dev/stderr"; bad = 1 }
        lines = split(stanza[h], line, "\n")
        for (j = 1; j <= lines; j++) if (line[j] ~ /^(${fields}):/) print line[j]
        print "Filename: " file[h] "\n"
      }
      exit bad
    }' /tmp/sums signed=1 RS= - >/out/index/Packages
${normalise()}
`;
}

/** Lines of what the signed indexes have today under the names of the packages. */
export function upstreamScript(packages: readonly Package[]): string {
  const names = [...new Set(packages.map(({ name }) => name))].sort();
  return String.raw`#!/bin/bash
# Print what the distro has today under the names of the locked packages: hash, name, version, architecture. apt checks the
# signature of each repository's index.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
mkdir -p /out
${update}
cat >/tmp/names <<'NAMES'
${names.map((name) => `${name}\n`).join('')}NAMES
${indexes}
  awk '
    function field(name) { return match("\n" $0, "\n" name ": [^\n]*") ? substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3) : "" }
    !signed { wanted[$0]; next }
    { name = field("Package") }
    name in wanted { print field("SHA256") "\t" name "\t" field("Version") "\t" field("Architecture") }
  ' /tmp/names signed=1 RS= - | sort -u >/out/upstream
${normalise()}
`;
}

export function describeScript(): string {
  return String.raw`#!/bin/bash
# List the packages that the Dockerfile's own stage has collected.
set -euo pipefail
export LC_ALL=C
mkdir -p /out/index
find /mnt -name '*.deb' -type f -print0 | sort -z | while IFS= read -r -d '' file; do
  sum=$(sha256sum <"$file" | cut -c-64)
  dpkg-deb --field "$file" Package Source Version Architecture Section Priority
  printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$sum"
done >/out/index/Packages
${normalise()}
`;
}

export function installScript(intent: Intent, locked: readonly Package[] | undefined): string {
  return String.raw`#!/bin/bash
# Install from the package cache at /mnt, and from nothing else.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
${mustBeRoot}
tmp=/var/cache/apt/repro
mkdir "$tmp"
${markStart}
touch "$tmp/wanted"

cd /mnt
find . ! -type d ! -path ./Packages -printf '%P\0' | sort -z | xargs -0r sha256sum -- >"$tmp/cache"
${compareWithLock(locked, fileName)}
# An index for apt, made from the packages themselves. Only section and priority come with the cache: the archive
# may override them, and apt's automatic marks go by them.
format='${dollar}{Package} ${dollar}{Version} ${dollar}{Architecture}\n'
while read -r sum file; do
  read -r name version arch < <(dpkg-deb --show --showformat="$format" "$file")
  [ "$file" = "${dollar}{name}_${dollar}{version//:/%3a}_$arch.deb" ] ||
    { echo "ERROR: $file: the package in it is $name $version $arch" >&2; exit 1; }
  echo "installed $name $version $arch" >>"$tmp/wanted"
  dpkg-deb --field "$file"
  printf 'Filename: ../../../../mnt/%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$sum"
done <"$tmp/cache" >"$tmp/control"
awk '
  function field(name) { return match($0, "\n" name ": [^\n]*") ? substr($0, RSTART, RLENGTH) : "" }
  FILENAME == "/mnt/Packages" { overrides[field("SHA256")] = field("Section") field("Priority"); next }
  { gsub(/\n(Section|Priority): [^\n]*/, ""); print $0 overrides[field("SHA256")] "\n" }
' RS= /mnt/Packages "$tmp/control" >"$tmp/Packages"

# What maintainer scripts write with times or random numbers in it: to be put back as the base image has it.
${setAside(unstable)}

apt-get -q -y -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null -o Dir::Log="$tmp" \
  -o DPkg::Options::=--log=/dev/null -o DPkg::Use-Pty=0 ${installOptions(intent)} \
  --with-source "$tmp/Packages" install --allow-downgrades -- ${offlineRequests(intent.requests, locked)}

# The base image may have had a newer version, which apt keeps.
dpkg-query -W -f '${dollar}{db:Status-Status} '"$format" >"$tmp/installed"
if grep -vxFf "$tmp/installed" "$tmp/wanted" >&2; then
  echo 'ERROR: the packages above are in the package cache, and were not installed from it' >&2
  exit 1
fi

${putBack}
${oneTime}
`;
}

/** The index has one version of a package and no suites: a request for a suite asks for what was locked from it. */
function offlineRequests(requests: readonly string[], locked: readonly Package[] | undefined): string {
  return requests
    .map((request) => {
      const [name = '', suite] = request.split('/', 2);
      const pin = suite === undefined ? undefined : locked?.find((pkg) => pkg.name === name.split(':')[0]);
      return shellWord(pin === undefined ? name : `${name}=${pin.version}`);
    })
    .join(' ');
}
