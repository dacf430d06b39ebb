/** The first and the last line of a conflict, counted from 1. */
export type Region = readonly [first: number, last: number];

/** `=======` alone may stand in a note; the outer ones come with every conflict, longer within another one. */
const OUTER = /^(?:<{7,}|>{7,}|\|{7,})(?: |$)/;

/** What stands between git's conflict markers, in its styles merge, diff3 and zdiff3. A marker left alone is one, too. */
export function conflictRegions(lines: readonly string[]): Region[] {
  const regions: [number, number][] = [];
  let depth = 0;
  for (const [index, line] of lines.entries()) {
    if (!OUTER.test(line)) continue;
    const last = regions.at(-1);
    if (depth === 0 || last === undefined) regions.push([index + 1, index + 1]);
    else last[1] = index + 1;
    if (line.startsWith('<')) depth++;
    if (line.startsWith('>')) depth = Math.max(0, depth - 1);
  }
  return regions;
}

/** `line 9`, `lines 9-13, 20-24`. */
export function regionText(regions: readonly Region[]): string {
  const parts = regions.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return `line${parts.length === 1 && parts[0]?.includes('-') === false ? '' : 's'} ${parts.join(', ')}`;
}

/** Labels may be commit messages: one line each, without what a terminal acts on. */
export function labelText(label: string): string {
  return label.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 80);
}
