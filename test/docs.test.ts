import { readdirSync, readFileSync } from 'node:fs';
import parse from '@iarna/toml/parse-string.js';
import test from 'ava';

const read = (file: string) => readFileSync(file, 'utf8');
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'));
const pages = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)];

test('docs/errors.md has every error code, and no other', (t) => {
  const codes = (text: string) => [...new Set(text.match(/\bE_[A-Z_]+\b/g))].sort();
  const used = codes(sources.map((name) => read(`src/${name}`)).join('\n'));
  t.deepEqual(codes(read('docs/errors.md')), used);
});

test('links within the documentation lead somewhere', (t) => {
  for (const page of pages) {
    const folder = page.startsWith('docs/') ? 'docs/' : '';
    for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.notThrows(() => read(new URL(target, `file:///${folder}`).pathname.slice(1)), `${page}: ${target}`);
    }
  }
});

test('TOML in the documentation is TOML', (t) => {
  for (const page of pages) {
    for (const [, toml = ''] of read(page).matchAll(/```toml\n([\s\S]*?)```/g))
      t.notThrows(() => parse(toml), page);
  }
});

/** Who may import whom; a folder may import itself, and all may import what is below. */
const ranks: Record<string, number> = {
  main: 6,
  run: 5,
  cli: 4,
  commands: 3,
  report: 3,
  bake: 2,
  policy: 2,
  sbom: 2,
  verify: 2,
  lockfile: 1,
  oci: 1,
  distro: 1,
  io: 5,
};

test('imports point one way', (t) => {
  for (const name of sources) {
    const from = name.split('/')[0]?.replace('.ts', '') ?? '';
    for (const [, path = ''] of read(`src/${name}`).matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
      const to = new URL(path, `file:///${name}`).pathname.slice(1).split('/')[0]?.replace('.ts', '') ?? '';
      if (from === to || ranks[to] === undefined) continue;
      const allowed = to === 'io' ? from === 'main' : (ranks[from] ?? 0) >= (ranks[to] ?? 0);
      t.true(allowed, `${name} imports ${path}`);
    }
  }
});
