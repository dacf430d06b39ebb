import type { EditResult } from '../commands/edit.ts';
import type { InitResult } from '../commands/init.ts';
import type { LockResult } from '../commands/lock.ts';
import type { Output } from '../commands/output.ts';
import { shortDigest } from '../image-ref.ts';
import type { FromTo, PlatformChange } from '../lockfile/diff.ts';
import type { PackageChange } from '../lockfile/diff-packages.ts';
import type { Package } from '../model.ts';
import type { Paint } from './paint.ts';

export function initText({ file, lockfile, name }: InitResult, paint: Paint): string {
  const { base, cache, distro } = lockfile;
  const lines: [string, string][] = [
    ['image', lockfile.image],
    [
      'base',
      base.digest === undefined ? base.image : `${base.image} ${paint('dim', shortDigest(base.digest))}`,
    ],
    ['distro', name === undefined ? distro : `${distro} (${name})`],
    ['platforms', lockfile.platforms.join(' ')],
    ['packages', lockfile.packages.join(' ') || '(none yet: repro add)'],
    ['cache', cache.image],
  ];
  return `wrote ${file}\n${lines.map(([key, value]) => `  ${key.padEnd(10)}${value}\n`).join('')}`;
}

export function editText({ file, added, removed, replaced, unchanged }: EditResult, paint: Paint): string {
  return [
    ...added.map((request) => paint('green', `+ ${request}`)),
    ...removed.map((request) => paint('red', `- ${request}`)),
    ...replaced.map(({ from, to }) => paint('yellow', `~ ${from} -> ${to}`)),
    ...unchanged.map((request) => `${file} asks for ${request} already`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** Of `generate`, too. */
export function outputText({ file, changed, text }: Output): string {
  if (text !== undefined) return text;
  return changed ? `wrote ${file}\n` : `${file} is up to date\n`;
}

export function lockText({ file, changed, change, kept }: LockResult, paint: Paint): string {
  const keptLine = kept === undefined ? [] : [`kept as ${kept}`];
  if (!changed) return [`${file} is up to date`, ...keptLine].map((line) => `${line}\n`).join('');
  const lines = [
    `wrote ${file}`,
    ...digestLine('base', change.base, paint),
    ...digestLine('cache', change.cache, paint),
    ...change.platforms.flatMap((platform) => platformLines(platform, paint)),
    ...keptLine,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function digestLine(name: string, change: FromTo | undefined, paint: Paint): string[] {
  if (change === undefined) return [];
  const from = change.from === undefined ? 'not pinned' : shortDigest(change.from);
  return [
    paint(
      'yellow',
      `~ ${name} ${from} -> ${change.to === undefined ? 'not pinned' : shortDigest(change.to)}`,
    ),
  ];
}

function platformLines({ name, packages }: PlatformChange, paint: Paint): string[] {
  return [paint('bold', `${name}:`), ...packages.map((change) => `  ${packageLine(change, paint)}`)];
}

function packageLine({ kind, from, to }: PackageChange, paint: Paint): string {
  if (from === undefined) return to === undefined ? '' : paint('green', `+ ${words(to)}`);
  if (to === undefined) return paint('red', `- ${words(from)}`);
  const bump = `~ ${to.name} ${from.version} -> ${to.version} ${to.arch}`;
  if (kind === 'upgraded') return paint('yellow', bump);
  if (kind === 'downgraded') return paint('yellow', `${bump}: an older version`);
  return paint('yellow', `~ ${words(to)}: another file of the same version`);
}

function words({ name, version, arch }: Package): string {
  return `${name} ${version} ${arch}`;
}
