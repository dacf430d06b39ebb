import type { DiffResult } from '../../commands/diff.ts';
import type { DriverResult } from '../../commands/git-diff.ts';
import { visible } from '../../errors.ts';
import { shortDigest } from '../../image-ref.ts';
import type { FromTo } from '../../lockfile/diff.ts';
import type { KeyChange } from '../../lockfile/diff-intent.ts';
import type { ChangeKind } from '../../lockfile/diff-packages.ts';
import type { Paint, Style } from '../paint.ts';
import { countsOf, countsText, type Group, type Section, sectionsOf } from './sections.ts';
import { baseWords, isVersioned, sideNames } from './sides.ts';
import { growth, sizeText } from './sizes.ts';

export function diffText(result: DiffResult, paint: Paint): string {
  const { file, intent, base, facts, cache, inputs, repushed, platforms, summary } = result;
  const [from, to] = sideNames(result);
  const name = isVersioned(result) ? `${visible(file)}: ` : '';
  if (!result.different) return `${name}no difference between ${visible(from)} and ${visible(to)}\n`;
  const sections = sectionsOf(platforms);
  const lines = [
    paint('bold', `${name}${visible(from)} -> ${visible(to)}`),
    ...intent.map((change) => paint('yellow', `~ ${keyText(change)}`)),
    ...pinLine(baseWords(result), base, '', paint),
    ...facts.map((change) => paint('yellow', `~ ${keyText(change)}`)),
    ...pinLine('cache', cache, repushed ? ' pushed again with the same packages' : '', paint),
    ...pinLine('cache.inputs', cache === undefined ? inputs : undefined, '', paint),
    ...sections.flatMap((section) => sectionLines(section, paint)),
    ...(sections.length < 2 ? [] : [paint('bold', `in all: ${totals(countsText(summary), summary.size)}`)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

export function driverText({ file, diff, problem }: DriverResult, paint: Paint): string {
  if (diff !== undefined) return diffText(diff, paint);
  return `${visible(file)} ${visible(problem ?? '')}; git diff --no-ext-diff shows its lines\n`;
}

function keyText({ key, from, to, added = [], removed = [] }: KeyChange): string {
  const items = [
    ...removed.map((item) => `- ${visible(item)}`),
    ...added.map((item) => `+ ${visible(item)}`),
  ];
  const value = (text: string | undefined) => (text === undefined ? 'none' : visible(text) || '""');
  return `${visible(key)}: ${items.length > 0 ? items.join(', ') : `${value(from)} -> ${value(to)}`}`;
}

function pinLine(name: string, change: FromTo | undefined, what: string, paint: Paint): string[] {
  if (change === undefined) return [];
  const [from, to] = [change.from, change.to].map((pin) =>
    pin === undefined ? 'not pinned' : shortDigest(pin),
  );
  return [paint('yellow', `~ ${name}${what}: ${from} -> ${to}`)];
}

function sectionLines({ platforms, size, asked, others }: Section, paint: Paint): string[] {
  const counts = countsText(countsOf([...asked, ...others]));
  const part = (title: string, groups: readonly Group[]) =>
    groups.length === 0 ? [] : [`  ${title}`, ...groups.map((group) => `    ${groupLine(group, paint)}`)];
  return [
    paint('bold', `${platforms.join(', ')}: ${totals(counts, size)}`),
    ...part('asked for', asked),
    ...part('brought along', others),
  ];
}

/** `3 added, 360.7 kB (+307.5 kB)`. */
function totals(counts: string, size: { from: number; to: number }): string {
  return [counts, sizeText(size)].filter((part) => part !== '').join(', ');
}

const LOOKS: Record<ChangeKind, readonly [mark: string, style: Style, what: string]> = {
  added: ['+', 'green', ''],
  removed: ['-', 'red', ''],
  upgraded: ['~', 'yellow', ''],
  downgraded: ['~', 'red', ', an older version'],
  rebuilt: ['~', 'red', ', another file of the same version'],
};

function groupLine({ kind, packages, source, from, to, size }: Group, paint: Paint): string {
  const [mark, style, what] = LOOKS[kind];
  const versions = from === undefined || to === undefined || from === to ? (to ?? from) : `${from} -> ${to}`;
  const amount = kind === 'removed' ? growth(size) : sizeText(size);
  const names = packages.join(', ');
  const of = source === undefined || packages.includes(source) ? '' : `, source ${source}`;
  return paint(style, `${mark} ${names} ${versions}${what}, ${amount}${of}`);
}
