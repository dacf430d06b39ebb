import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import fc from 'fast-check';
import { bakeFile } from '../../src/bake/index.ts';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { ReproError } from '../../src/errors.ts';
import { parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Lockfile } from '../../src/model.ts';
import { nasty } from './nasty.ts';

const rules = { familyOf, knownDistros };
const base = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const example: Lockfile = {
  ...base,
  note: 'why',
  labels: { 'org.example.a': 'b' },
  build: { dockerfile: 'Dockerfile', context: '.', target: 'app', args: { A: 'b' } },
  base: { ...base.base, user: 'app' },
};
const dockerfile = 'FROM debian:trixie-slim AS app\n';

type Path = (string | number)[];

/** Every string of a lockfile, by its path. */
export const paths: Path[] = stringsOf(example);

function stringsOf(value: unknown): Path[] {
  if (typeof value === 'string') return [[]];
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [...keys].flatMap((key) => stringsOf(value[key as never]).map((rest) => [key, ...rest]));
}

/** A lockfile with hostile strings in some places: as they are, or after what was there. */
export const hostile: fc.Arbitrary<Lockfile> = fc
  .array(fc.tuple(fc.constantFrom(...paths), nasty, fc.constantFrom('replace', 'append')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) => {
    const lockfile = structuredClone(example);
    for (const [path, text, how] of changes) {
      let place = lockfile as unknown as Record<string | number, never>;
      for (const key of path.slice(0, -1)) place = place[key] as never;
      const last = path.at(-1) ?? '';
      place[last] = (how === 'append' ? `${place[last]}${text}` : text) as never;
    }
    return lockfile;
  });

export interface Accepted {
  lockfile: Lockfile;
  /** Without and with the project's own Dockerfile. */
  texts: { inline: string; own: string | undefined };
}

/** What `generate` makes of it; undefined where it refuses the lockfile, or its Dockerfile. */
export async function accepted(lockfile: Lockfile): Promise<Accepted | undefined> {
  try {
    const text = serializeLockfile(lockfile);
    const read = await parseLockfile(text, 'repro.lock', rules);
    const { build: _, ...plain } = read;
    const inline = (await bakeFile(plain)).text;
    return { lockfile: read, texts: { inline, own: await own(read) } };
  } catch (error) {
    if (error instanceof ReproError) return undefined;
    throw error;
  }
}

async function own(lockfile: Lockfile): Promise<string | undefined> {
  try {
    return (await bakeFile(lockfile, dockerfile)).text;
  } catch (error) {
    if (error instanceof ReproError) return undefined;
    throw error;
  }
}

type Targets = Record<string, Record<string, unknown>>;

/** What is wrong with the targets that a reader of HCL found: nothing, where each string stayed the text that it was. */
export function judge(targets: Targets, { lockfile, texts }: Accepted, kind: 'inline' | 'own'): string[] {
  const names = kind === 'inline' ? ['app', 'pkg-cache'] : ['app', 'packages', 'pkg-cache'];
  const found: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (JSON.stringify(actual) !== JSON.stringify(expected))
      found.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}\n${texts[kind]}`);
  };
  const sorted = (map: object = {}) => Object.entries(map).sort();
  expect('targets', Object.keys(targets).sort(), names);
  const app = targets['app'] ?? {};
  expect('labels', sorted(app['labels'] as object), sorted(lockfile.labels));
  expect('tags', app['tags'], [lockfile.image]);
  if (kind === 'own') {
    const { SOURCE_DATE_EPOCH: _, ...args } = (app['args'] ?? {}) as Record<string, string>;
    const { SOURCE_DATE_EPOCH: __, ...meant } = lockfile.build?.args ?? {};
    expect('args', sorted(args), sorted(meant));
    const path = posix.join(String(app['context']), String(app['dockerfile']));
    expect('dockerfile', path, posix.normalize(lockfile.build?.dockerfile ?? ''));
  }
  const instructions = (name: string) =>
    DockerfileParser.parse(String(targets[name]?.['dockerfile-inline']))
      .getInstructions()
      .map((step) => step.getKeyword());
  const install = ['FROM', 'FROM', 'FROM', 'COPY', 'FROM', 'ARG', 'RUN'];
  const user = lockfile.base.user === undefined ? install : [...install.slice(0, -1), 'USER', 'RUN', 'USER'];
  expect('install', instructions(kind === 'inline' ? 'app' : 'packages'), user);
  const collect = instructions('pkg-cache');
  expect('collect', collect.slice(0, 7), ['FROM', 'FROM', 'COPY', 'FROM', 'USER', 'RUN', 'FROM']);
  expect('layers', [...new Set(collect.slice(7))], ['COPY']);
  return found;
}
