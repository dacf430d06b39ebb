import type { Package } from '../model.ts';

/* Shell text that the families share: for any POSIX shell, with what coreutils and busybox both have. */

export const mustBeRoot = `[ "$(id -u)" = 0 ] || { echo 'ERROR: the base image does not run as root: run "repro lock" to have its user known' >&2; exit 1; }`;

/** Fixed modes and times (seconds since 1970): the layer depends on the packages only. */
export const normalise = (time = 0): string => `find /out -type f -exec chmod 0644 {} +
find /out -exec touch -h -d @${time} {} +`;

/** Ends the step where $tmp/cache (lines of sha256sum) is not what was locked. */
export function compareWithLock(
  locked: readonly Package[] | undefined,
  fileName: (pkg: Package) => string,
): string {
  if (locked === undefined) return '';
  const sums = locked.map((pkg) => `${pkg.sha256}  ${fileName(pkg)}\n`).sort(byFile);
  return `# Exactly the locked files, before anything looks into one of them.
cat >"$tmp/lock" <<'LOCK'
${sums.join('')}LOCK
{
  # Lines that are in one of them only: not every base image has diff, comm or awk.
  sort "$tmp/lock" "$tmp/cache" "$tmp/cache" | uniq -u | sed 's/^/-/'
  sort "$tmp/cache" "$tmp/lock" "$tmp/lock" | uniq -u | sed 's/^/+/'
} | sort -k 2 -k 1,1r >"$tmp/difference"
if [ -s "$tmp/difference" ]; then
  cat "$tmp/difference" >&2
  echo 'ERROR: the package cache is not what repro.lock says (- locked, + in the cache); nothing was installed' >&2
  exit 1
fi
`;
}

/** For bash: sets aside what scripts of packages write with times or random numbers in it. */
export const setAside = (files: string): string => `unstable='${files}'
# (cp of coreutils 9.1 finds absolute paths from the root only.)
cd /
for file in $unstable; do [ ! -e "$file" ] || cp -a --parents "$file" "$tmp"; done`;

/** And puts it back as the base image has it. */
export const putBack = `for file in $unstable; do
  if [ -e "$tmp$file" ]; then cp -a "$tmp$file" "$file"; else rm -f "$file"; fi
done`;

/**
 * Makes $tmp/start, which is older than all that the step changes: the builder makes places for its mounts before the
 * script runs, on a busy machine seconds before. But no older than the base image.
 */
export const markStart = `since=$(($(date +%s) - 10))
[ "$since" -gt "$SOURCE_DATE_EPOCH" ] || since=$((SOURCE_DATE_EPOCH + 1))
[ "$since" -lt "$(date +%s)" ] || since=$(($(date +%s) - 1))
touch -d "@$since" "$tmp/start"`;

/** Everything newer than $tmp/start, but for the mounts, which are not part of the image. */
export const oneTime = `# One time for all that this step made: what is mounted is not part of the image.
find / -xdev -newer "$tmp/start" $(awk '{ print "! -path " $5 }' /proc/self/mountinfo) -print0 |
  xargs -0 -r touch -h -d "@$SOURCE_DATE_EPOCH"`;

function byFile(a: string, b: string): number {
  return a.slice(66) < b.slice(66) ? -1 : 1;
}
