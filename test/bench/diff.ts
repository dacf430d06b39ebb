/**
 * `repro diff` of 10,000 packages against 10,000, without start and output, against reading both files: the target is 2 x.
 * Usage: npx tsc && node build/test/bench/diff.js
 */
import { readFileSync } from 'node:fs';
import * as rules from '../../src/distro/index.ts';
import { diffLockfiles, parseLockfile, serializeLockfile, summarize } from '../../src/lockfile/index.ts';
import type { Package } from '../../src/model.ts';
import { sectionsOf } from '../../src/report/diff/sections.ts';

const COUNT = 10_000;
const ROUNDS = 31;

const example = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const before = Array.from({ length: COUNT }, (_, index): Package => {
  const source = index % 3 === 0 ? {} : { source: `source-${index % 2000}` };
  const sha256 = index.toString(16).padStart(64, '0');
  return {
    name: `package-${index}`,
    version: `1:2.${index}.1-3+deb13u1`,
    arch: 'amd64',
    sha256,
    size: index,
    ...source,
  };
});
const cases: Record<string, (pkg: Package, index: number) => Package> = {
  'nothing changed': (pkg) => pkg,
  'every tenth package upgraded': (pkg, index) => (index % 10 === 0 ? upgraded(pkg) : pkg),
  'every package upgraded': upgraded,
  'every package another': (pkg) => ({
    ...pkg,
    name: `other-${pkg.name}`,
    sha256: pkg.sha256.replace('0', 'f'),
  }),
};

function upgraded(pkg: Package): Package {
  return { ...pkg, version: pkg.version.replace('u1', 'u2'), sha256: pkg.sha256.replace('0', 'f') };
}

function textOf(packages: Package[]): string {
  const requests = packages.filter((_, index) => index % 200 === 0).map(({ name }) => name);
  return serializeLockfile({ ...example, packages: requests, platform: [{ name: 'linux/amd64', packages }] });
}

const read = (text: string) => parseLockfile(text, 'repro.lock', rules);
for (const [what, change] of Object.entries(cases)) {
  const [old, current] = [textOf(before), textOf(before.map(change))];
  const times: { parse: number; diff: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const [a, b] = [await read(old), await read(current)];
    const parsed = performance.now();
    const result = diffLockfiles(a, b, rules.familyOf);
    summarize(a, b, result);
    sectionsOf(result.platforms);
    times.push({ parse: parsed - start, diff: performance.now() - parsed });
  }
  const [first = { parse: Number.NaN, diff: Number.NaN }] = times;
  const median = (key: 'parse' | 'diff') =>
    times.map((time) => time[key]).sort((x, y) => x - y)[ROUNDS >> 1] ?? Number.NaN;
  const ratio = (parse: number, diff: number) =>
    `reading ${parse.toFixed(0)} ms, comparing ${diff.toFixed(0)} ms: ${(diff / parse).toFixed(2)} x`;
  console.log(
    `${what.padEnd(30)} ${ratio(median('parse'), median('diff'))} (first time: ${ratio(first.parse, first.diff)})`,
  );
}
