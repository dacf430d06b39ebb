/**
 * Writes docs/figures.md, from what the end-to-end suites have measured and from the push benchmark. Usage:
 * REPRO_FIGURES=$PWD/figures npm run e2e >tap && node build/test/bench/figures.js figures tap
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Figures } from '../e2e/figures.ts';

const [, , measured = '', log = ''] = process.argv;
const tap = readFileSync(log, 'utf8');
const figures = readFileSync(measured, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): Figures => JSON.parse(line))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const pushes = execFileSync(process.execPath, ['build/test/bench/push.js'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
});

const number = (value: number) => value.toLocaleString('en-US');
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('');
const twice = (digests: readonly string[]) => (new Set(digests).size === 1 ? 'the same' : 'differ');

const families = table(
  [
    '',
    'package manager',
    'packages',
    'bytes',
    'cache / packages',
    'cache, two builds',
    'app, two builds',
    'files',
    'differ',
  ],
  figures.map((it) => [
    it.name,
    it.version,
    it.packages,
    number(it.packageBytes),
    (it.cacheBytes / it.packageBytes).toFixed(4),
    twice(it.cacheDigests),
    twice(it.appDigests),
    it.files === undefined ? '' : number(it.files),
    it.differ?.length ?? '',
  ]),
);
/** What a package manager keeps in a folder of its own below /var/cache is one thing. */
const inShort = (path: string) => `\`/${path.replace(/^(var\/cache\/(?:dnf|libdnf5|zypp)\/).*/, '$1…')}\``;
const differences = figures
  .filter(({ differ }) => differ !== undefined)
  .map(({ name, differ = [] }) => `- ${name}: ${[...new Set(differ.map(inShort))].join(', ')}\n`)
  .join('');

/** Attack -> whom it was tried on. */
const attacks = new Map<string, Set<string>>();
for (const [, name = '', what = ''] of tap.matchAll(/^ok \d+ - .*attacks on ([\w-]+): (.*)$/gm)) {
  if (what !== 'none' && what !== 'the end')
    attacks.set(what, (attacks.get(what) ?? new Set()).add(name.replace('-attacked', '')));
}
const attacked = [...new Set([...attacks.values()].flatMap((names) => [...names]))].sort();
const refused = table(
  ['', ...attacked],
  [...attacks].map(([what, names]) => [what, ...attacked.map((name) => (names.has(name) ? 'yes' : ''))]),
);

writeFileSync(
  'docs/figures.md',
  `# Figures

Written by \`test/bench/figures.ts\`, from what the end-to-end tests measure on a real engine and registry; they fail where it is worse than promised.

## Size and sameness

\`cache / packages\`: the bytes that a registry keeps for the cache image, manifest and configuration included, to the bytes of the package files.
\`two builds\`: from scratch, manifest digests compared. \`differ\`: of the files of the app, those that are not as an online installation has them.

${families}
They differ, for the reasons that each family's page gives under "What differs from an online installation":

${differences}
What can be another one on every build is in each family's page, too: [apt](apt.md), [dnf](dnf.md), [zypper](zypper.md), [pacman](pacman.md), [apk](apk.md).

## Attacks

Somebody who can push changes the cache image, keeping its tag and labels. "yes": tried, and refused before a package was touched, naming it. apk's are
tried on a stand-in.

${refused}
## What a push uploads

One of so many packages changed ([why](layers.md)).

${pushes}`,
);
