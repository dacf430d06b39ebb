import type { Package } from '../../model.ts';
import type { Intent } from '../family.ts';
import { begin, checkNames, checkSignatures, dollar, end, head, makeInventory } from '../rpm/steps.ts';
import { shellWord } from '../shell.ts';
import { makeRepositories } from './repodata.ts';

/** Sets $dnf, $version (4 or 5), and ${keys}: the key files in the image that its enabled repositories name. */
const findDnf = String.raw`dnf=$(command -v dnf || command -v dnf5) || {
  echo 'ERROR: the base image has no dnf, and yum or microdnf is not enough: take a base image with dnf 4 or 5' >&2
  exit 1
}
# dnf 4 is a script. The Python that it has is on RHEL 8 no python3.
read -r python 2>/dev/null <"$dnf" || true
version=5
case $python in '#!'*) version=4 python=${dollar}{python#??} ;; esac
if [ $version = 5 ]; then
  "$dnf" --dump-repo-config='*' | sed -n 's/^gpgkey *= *//p'
else
  $python - <<'PYTHON'
import dnf
base = dnf.Base()
base.conf.read()
base.conf.substitutions["releasever"] = dnf.rpm.detect_releasever(base.conf.installroot) or ""
base.conf.substitutions.update_from_etc(base.conf.installroot)
base.read_all_repos()
for repo in base.repos.iter_enabled():
    print("\n".join(repo.gpgkey))
PYTHON
fi | tr -s ' ,' '\n' | sed -n 's|^file://||p' | sort -u >"$tmp/keys"
mapfile -t keys <"$tmp/keys"`;

/** Options for every installation. */
function options({ recommends }: Intent): string {
  return recommends === undefined ? '' : ` --setopt=install_weak_deps=${recommends ? 'True' : 'False'}`;
}

export function collectScript(intent: Intent): string {
  const requests = intent.requests.map(shellWord).join(' ');
  return String.raw`#!/bin/bash
# Download what an installation on this base image would download. dnf checks the signatures of the repositories as the base
# image is configured; each package must be signed by a key of the base image, whatever it is configured for.
${head}
mkdir -p /out/packages /out/index
${findDnf}
declare -A from=()
if [ $version = 5 ]; then
  mkdir /out/stored
  "$dnf" -y${options(intent)} install --store=/out/stored ${requests}
  for file in /out/stored/packages/*.rpm; do mv "$file" /out/packages/; done
  touch /out/stored/transaction.json
  while read -r repository && read -r file; do from[$file]=$repository; done < <(sed -n '
    s|^ *"repo_id":"@stored_transaction(\(.*\))".*|\1|p
    s|^ *"package_path":"\.\\*/packages\\*/\(.*\)".*|\1|p' /out/stored/transaction.json)
  rm -r /out/stored
else
  "$dnf" -y${options(intent)} install --downloadonly --downloaddir=/out/packages ${requests}
  names=(/out/packages/*.rpm)
  names=("${dollar}{names[@]##*/}")
  while read -r repository file; do from[$file]=$repository; done < <([ ${dollar}{#names[@]} = 0 ] ||
    "$dnf" -q -C repoquery --qf '%{repoid} %{name}-%{version}-%{release}.%{arch}.rpm' "${dollar}{names[@]%.rpm}")
fi
cd /out/packages
${checkSignatures}
${makeInventory}`;
}

const history = '/usr/lib/sysimage/libdnf5/transaction_history.sqlite';

/** Times; what dnf 5 has installed, and why, is in other files than its history. */
const unstable = [
  ...['dnf', 'dnf.librepo', 'dnf.rpm', 'dnf5', 'hawkey'].map((name) => `/var/log/${name}.log`),
  ...['', '-shm', '-wal'].map((ending) => `${history}${ending}`),
];

export function installScript(intent: Intent, locked: readonly Package[] | undefined): string {
  return String.raw`${begin(locked, unstable)}
${findDnf}
${checkSignatures}
${checkNames}

${makeRepositories}

# dnf 5 copies the packages, maybe more than the mount's memory.
"$dnf" -y --noplugins --setopt=reposdir="$tmp/repos" --setopt=cachedir=/var/cache/repro --setopt=system_cachedir=/var/cache/repro${options(intent)} \
  install ${intent.requests.map(shellWord).join(' ')}
rm -rf /var/cache/repro

if [ $version = 4 ]; then
  # The reasons are in the history.
  $python - <<'PYTHON'
import os, sqlite3, sys
if not os.path.exists("/var/lib/dnf/history.sqlite"):
    sys.exit()
time = int(os.environ["SOURCE_DATE_EPOCH"])
history = sqlite3.connect("/var/lib/dnf/history.sqlite", isolation_level=None)
history.execute("update trans set dt_begin = min(dt_begin, ?), dt_end = min(dt_end, ?)", (time, time))
history.execute("pragma journal_mode = delete")
history.execute("vacuum")
history.close()
PYTHON
fi
${end}`;
}
