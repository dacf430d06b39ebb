import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { bakeFile } from '../../src/bake/index.ts';
import * as rules from '../../src/distro/index.ts';
import { ReproError } from '../../src/errors.ts';
import { cacheInputs, parseLockfile } from '../../src/lockfile/index.ts';
import type { Lockfile } from '../../src/model.ts';

const example = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const others = await Promise.all(
  ['alpine', 'arch', 'fedora', 'opensuse', 'rocky'].map(async (name): Promise<[string, Lockfile]> => {
    const text = readFileSync(`test/fixtures/lockfiles/${name}.lock`, 'utf8');
    return [name, await parseLockfile(text, `${name}.lock`, rules)];
  }),
);
const { digest: _, ...base } = example.base;
const { platform: __, ...intent } = example;
const unlocked: Lockfile = { ...intent, base, cache: { image: example.cache.image } };
const build = {
  dockerfile: 'docker/Dockerfile',
  context: 'docker',
  target: 'app',
  args: { A: '${b}', SOURCE_DATE_EPOCH: '7' },
};

const plain = `FROM --platform=$BUILDPLATFORM golang:1 AS build
FROM debian:trixie-slim AS app
`;
const method = `ARG BASE=debian:bookworm
FROM \${BASE} AS base
FROM base AS fetch
FROM scratch AS pkg-cache-local
FROM pkg-cache-local AS pkg-cache
FROM base AS app
`;

/** Name in expected/, lockfile, Dockerfile. After a change that is meant, REPRO_UPDATE_EXPECTED=1 writes the files anew. */
const cases: [string, Lockfile, string?][] = [
  ['example', example],
  ['not-locked', unlocked],
  [
    'every-setting',
    {
      ...example,
      packages: ['jq/trixie', 'hello=2.10-5'],
      recommends: false,
      labels: { 'org.example.team': '%{a}' },
      base: { ...example.base, user: 'app:app' },
    },
  ],
  ['own-dockerfile', { ...example, build }, plain],
  ['own-dockerfile-method', { ...example, build }, method],
  ...others,
];

for (const [name, lockfile, dockerfile] of cases) {
  test(`the bake file of ${name}`, async (t) => {
    const fitting =
      lockfile.cache.digest === undefined
        ? lockfile
        : { ...lockfile, cache: { ...lockfile.cache, inputs: cacheInputs(lockfile) ?? 'sha256:' } };
    const { text } = await bakeFile(fitting as Lockfile, dockerfile);
    const file = `test/bake/expected/${name}.hcl`;
    if (process.env['REPRO_UPDATE_EXPECTED']) writeFileSync(file, text);
    t.is(text, readFileSync(file, 'utf8'));
  });
}

test('what is not pinned, or does not fit', async (t) => {
  const codes = async (lockfile: Lockfile) =>
    (await bakeFile(lockfile)).unpinned.map(({ code, message }) => `${code} ${message}`);
  t.deepEqual(await codes(example), []);
  t.deepEqual(await codes(unlocked), [
    'E_NOT_LOCKED the base image docker.io/library/debian:trixie-slim is not pinned yet',
  ]);
  t.deepEqual(await codes({ ...unlocked, base: example.base }), [
    'E_NOT_LOCKED the package cache registry.example/team/app:v1.2.3-pkg-cache is not pinned yet: the packages are collected anew',
  ]);
  for (const changed of [
    { packages: ['hello'] },
    { recommends: true },
    { base: { ...example.base, digest: example.cache.digest } },
  ]) {
    t.deepEqual(await codes({ ...example, ...changed } as Lockfile), [
      'E_STALE the package cache was collected for another base, or for other packages, than the lockfile names now: the packages are collected anew',
    ]);
  }
  // These do not change what is collected.
  for (const changed of [{ labels: { a: 'b' } }, { image: 'x/y:z' }, { note: 'n' }]) {
    t.deepEqual(await codes({ ...example, ...changed } as Lockfile), []);
  }
});

/** FROM lines, the base in the lockfile, and the context keys (or the error). */
const froms: [string, string, string[] | RegExp][] = [
  ['FROM debian:trixie', 'debian:trixie', ['debian:trixie']],
  ['FROM docker.io/library/debian:trixie', 'debian:trixie', ['debian:trixie']],
  ['FROM debian', 'debian:latest', ['debian']],
  ['FROM debian:latest', 'docker.io/library/debian:latest', ['debian']],
  ['FROM registry.example:5000/base:1', 'registry.example:5000/base:1', ['registry.example:5000/base:1']],
  ['FROM --platform=linux/amd64 debian:trixie AS x', 'debian:trixie', ['debian:trixie']],
  ['ARG B=debian\nARG T=${X:-trixie}\nFROM $B:${T}', 'debian:trixie', ['debian:trixie']],
  ['ARG T=bookworm\nFROM debian:${T}', 'debian:trixie', ['debian:trixie']],
  ['FROM a\nRUN <<EOF\nFROM b\nEOF\nFROM debian:trixie', 'debian:trixie', ['debian:trixie']],
  ['# syntax=docker/dockerfile:1\nfrom \\\n  debian:trixie as Base', 'debian:trixie', ['debian:trixie']],
  [`FROM debian:trixie@${example.base.digest}`, 'debian:trixie', [`debian:trixie@${example.base.digest}`]],
  [
    `FROM debian:trixie@${example.cache.digest}`,
    'debian:trixie',
    /^Dockerfile:1 FROM pins debian:trixie to sha256:b90f/,
  ],
  [
    '\nFROM golang:1',
    'debian:trixie',
    /^Dockerfile:2 no FROM names the locked base debian:trixie, so the packages would be left out \(found: golang:1\)/,
  ],
  ['# nothing', 'debian:trixie', /^Dockerfile:1 no FROM .*\(found: no FROM\)/],
];

for (const [dockerfile, image, expected] of froms) {
  test(`named contexts: ${JSON.stringify(dockerfile)}`, async (t) => {
    const lockfile: Lockfile = {
      ...example,
      base: { ...example.base, image },
      build: { dockerfile: 'Dockerfile', args: { T: 'trixie' } },
    };
    const keys = async () => {
      const { text } = await bakeFile(lockfile, dockerfile);
      return [...text.matchAll(/^ {4}"(.*)" = "target:packages"$/gm)].map(([, key]) => key);
    };
    if (Array.isArray(expected)) {
      t.deepEqual(await keys(), expected);
      return;
    }
    const error = await t.throwsAsync(keys(), { instanceOf: ReproError });
    const [problem] = error?.problems ?? [];
    t.is(problem?.code, 'E_BASE_NOT_USED');
    t.regex(`${problem?.at?.file}:${problem?.at?.line} ${problem?.message}`, expected);
  });
}
