import type { DiffResult } from '../../commands/diff.ts';
import { shortDigest } from '../../image-ref.ts';
import type { FromTo } from '../../lockfile/diff.ts';
import type { KeyChange } from '../../lockfile/diff-intent.ts';
import { code } from './escape.ts';
import { countsOf, countsText, type Group, type Section, sectionsOf } from './sections.ts';
import { baseWords, sideNames } from './sides.ts';
import { growth, sizeText } from './sizes.ts';

/** GitHub takes 65,536 characters a comment. */
const LONGEST = 60_000;
/** Lines of a list that are shown without a click. */
const OPEN = 10;

/** A comment for a pull request. Its first line is always the same for a file, so that a bot finds it again. */
export function diffMarkdown(result: DiffResult): string {
  const sections = sectionsOf(result.platforms);
  let text = '';
  for (const rows of [Number.POSITIVE_INFINITY, 300, 100, 30, 0]) {
    text = comment(result, sections, rows);
    if (text.length <= LONGEST) break;
  }
  return text;
}

/** `rows`: so many lines a list, and names a line. */
function comment(result: DiffResult, sections: readonly Section[], rows: number): string {
  const { file, different, summary } = result;
  const counts = countsText(summary) || (different ? 'no package changed' : 'no difference');
  const change = growth(summary.size);
  const parts = [
    `<!-- repro diff: ${encodeURIComponent(file)} -->\n### ${code(file)}: ${counts}${change && `, ${change}`}`,
    sideNames(result).map(code).join(' → '),
    list(keyLines(result), rows),
    ...sections.flatMap((section) => sectionParts(section, rows)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function keyLines(result: DiffResult): string[] {
  const { intent, base, facts, cache, inputs, repushed } = result;
  return [
    ...intent.map(keyLine),
    ...pinLine(baseWords(result), base),
    ...facts.map(keyLine),
    ...pinLine(repushed ? '**cache pushed again with the same packages**' : 'cache', cache),
    ...pinLine('cache.inputs', cache === undefined ? inputs : undefined),
  ];
}

function keyLine({ key, from, to, added = [], removed = [] }: KeyChange): string {
  const value = (text: string | undefined) => (text ? code(text) : text === undefined ? 'none' : 'empty');
  const items = [
    ...(removed.length > 0 ? [`without ${removed.map(code).join(', ')}`] : []),
    ...(added.length > 0 ? [`with ${added.map(code).join(', ')}`] : []),
  ];
  return `${code(key)}: ${items.length > 0 ? items.join(', ') : `${value(from)} → ${value(to)}`}`;
}

function pinLine(what: string, change: FromTo | undefined): string[] {
  if (change === undefined) return [];
  const [from, to] = [change.from, change.to].map((pin) =>
    pin === undefined ? 'not pinned' : code(shortDigest(pin)),
  );
  return [`${what}: ${from} → ${to}`];
}

function list(lines: readonly string[], rows: number): string {
  return cut(
    lines.map((line) => `- ${line}`),
    rows,
    (left) => `- … and ${left} more`,
  ).join('\n');
}

function sectionParts({ platforms, size, asked, others }: Section, rows: number): string[] {
  const counts = countsText(countsOf([...asked, ...others]));
  return [
    `#### ${platforms.join(', ')}: ${counts}, ${sizeText(size)}`,
    asked.length === 0 ? '' : table('asked for', asked, rows),
    others.length <= OPEN
      ? table('brought along', others, rows)
      : `<details>\n<summary>brought along: ${countsText(countsOf(others))}</summary>\n\n${table('brought along', others, rows)}\n\n</details>`,
  ];
}

function table(title: string, groups: readonly Group[], rows: number): string {
  if (groups.length === 0) return '';
  const lines = cut(
    groups.map((group) => row(group, rows)),
    rows,
    (left) => `| … | and ${left} more | | | |`,
  );
  return [`| | ${title} | version | size | source |`, '|---|---|---|---|---|', ...lines].join('\n');
}

function row({ kind, packages, source, from, to, size }: Group, rows: number): string {
  const what = kind === 'downgraded' || kind === 'rebuilt' ? `**${kind}**` : kind;
  const versions = [...new Set([from, to])].flatMap((version) =>
    version === undefined ? [] : [code(version)],
  );
  const names = cut(packages.map(code), rows, (left) => `and ${left} more`).join(' ');
  const amount = kind === 'removed' ? growth(size) : sizeText(size);
  const cells = [what, names, versions.join(' → '), amount, source === undefined ? '' : code(source)];
  return `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`;
}

function cut(lines: readonly string[], rows: number, rest: (left: number) => string): string[] {
  return lines.length <= rows ? [...lines] : [...lines.slice(0, rows), rest(lines.length - rows)];
}
