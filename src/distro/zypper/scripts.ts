import type { Package } from '../../model.ts';
import type { Intent } from '../family.ts';
import { begin, checkNames, checkSignatures, end, head, makeInventory } from '../rpm/steps.ts';
import { shellWord } from '../shell.ts';

const findKeys = `command -v zypper >/dev/null || { echo 'ERROR: the base image has no zypper: take one that has it' >&2; exit 1; }
# Keys that are in the image beside those that rpm has.
keys=(/usr/lib/rpm/gnupg/keys/*.asc)`;

/** Options for every installation. */
function options({ recommends }: Intent): string {
  return recommends === undefined ? '' : recommends ? ' --recommends' : ' --no-recommends';
}

export function collectScript(intent: Intent): string {
  return `#!/bin/bash
# Download what an installation on this base image would download. zypper checks the signature of each repository; each package
# must be signed by a key of the base image.
${head}
mkdir -p /out/packages /out/index /out/zypp
${findKeys}
zypper --non-interactive refresh
zypper --non-interactive --pkg-cache-dir /out/zypp install --download-only --auto-agree-with-licenses${options(intent)} \\
  ${intent.requests.map(shellWord).join(' ')}
for file in /out/zypp/**/*.rpm; do mv "$file" /out/packages/; done
rm -r /out/zypp
cd /out/packages
${checkSignatures}
declare -A from=()
${makeInventory}`;
}

/** Times, and a random number; what is installed, and why, is in other files. */
const unstable = ['/var/lib/zypp/AnonymousUniqueId', '/var/log/zypp/history', '/var/log/zypper.log'];

export function installScript(intent: Intent, locked: readonly Package[] | undefined): string {
  return `${begin(locked, unstable)}
${findKeys}
${checkSignatures}
${checkNames}

mkdir "$tmp/repos"
printf '%s\\n' '[repro]' 'name=repro' 'baseurl=dir:///mnt' 'type=plaindir' 'enabled=1' 'autorefresh=0' 'gpgcheck=1' 'repo_gpgcheck=0' \\
  'pkg_gpgcheck=1' >"$tmp/repos/repro.repo"
zypper --non-interactive --no-refresh --reposd-dir "$tmp/repos" --cache-dir "$tmp/zypp" install --auto-agree-with-licenses${options(intent)} \\
  ${intent.requests.map(shellWord).join(' ')}

# A comment with the time.
[ ! -e /var/lib/zypp/AutoInstalled ] || sed -i '/^# AutoInstalled generated/d' /var/lib/zypp/AutoInstalled
${end}`;
}
