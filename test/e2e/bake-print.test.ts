import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Value } from '../../src/bake/hcl.ts';
import type { Shape } from '../../src/bake/own-dockerfile.ts';
import { planBake } from '../../src/bake/plan.ts';
import * as rules from '../../src/distro/index.ts';
import { parseLockfile } from '../../src/lockfile/index.ts';
import type { Lockfile } from '../../src/model.ts';
import { accepted, hostile, judge } from '../bake/hostile.ts';
import { engines, newProject, ok, type Project } from './project.ts';

/*
 * buildx ignores an attribute that it does not know, without a word. What it prints of a file is the proof that each took.
 */

const example = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const [engine] = engines();

async function print(
  project: Project,
  ...targets: string[]
): Promise<Record<string, Record<string, unknown>>> {
  const result = await project.bake('--print', ...targets);
  if (result.code !== 0) throw new Error(result.output);
  // Newer versions print templates escaped, so that what they print can be read again.
  return JSON.parse(result.stdout.replaceAll('$${', '${').replaceAll('%%{', '%{')).target;
}

test('the bake file of the example, printed by the command, is what buildx was meant to read', async (t) => {
  if (engine === undefined) return t.fail('no engine');
  const project = await newProject(t, engine);
  const { stdout } = await ok(t, project.repro('generate', '-f', resolve('repro.lock.example'), '-o', '-'));
  await project.write('docker-bake.hcl', stdout);
  const family = rules.familyOf('debian');
  if (family === undefined) return t.fail();
  const printed = await print(project, 'app', 'pkg-cache');
  compare(t, printed, example, planBake(example, family, undefined));
  t.deepEqual(
    (await ok(t, project.bake('--print'))).stdout.includes('"pkg-cache"'),
    true,
    'the default group needs it',
  );
});

test('every attribute that is ever written is one that buildx reads', async (t) => {
  if (engine === undefined) return t.fail('no engine');
  const project = await newProject(t, engine);
  const family = rules.familyOf('debian');
  if (family === undefined) return t.fail();
  const { platform: _, ...unlocked } = example;
  const lockfile: Lockfile = {
    ...unlocked,
    cache: { image: example.cache.image },
    labels: { 'org.example.a': '${b}' },
    build: { dockerfile: 'docker/Dockerfile', context: 'docker', target: 'app', args: { A: '%{b}' } },
  };
  for (const shape of [{ kind: 'plain', bases: ['debian:trixie-slim'] }, { kind: 'method' }] as Shape[]) {
    const blocks = planBake(lockfile, family, shape);
    const { formatHcl } = await import('../../src/bake/hcl.ts');
    await project.write('docker-bake.hcl', formatHcl('test', blocks));
    const names = blocks.filter(({ type }) => type === 'target').map(({ name }) => name);
    compare(t, await print(project, ...names), lockfile, blocks);
  }
});

test('what buildx reads of hostile lockfiles is what was meant', async (t) => {
  if (engine === undefined) return t.fail('no engine');
  const project = await newProject(t, engine);
  let judged = 0;
  for (const lockfile of fc.sample(hostile, { numRuns: 2000, seed: 1 })) {
    if (judged >= 60) break;
    const result = await accepted(lockfile);
    if (result === undefined) continue;
    for (const kind of ['inline', 'own'] as const) {
      const text = result.texts[kind];
      if (text === undefined) continue;
      await project.write('docker-bake.hcl', text);
      const targets = await print(project, 'app', 'pkg-cache', ...(kind === 'own' ? ['packages'] : []));
      t.deepEqual(judge(targets, result, kind), []);
      judged += 1;
    }
  }
  t.true(judged >= 60, `${judged}`);
});

function compare(
  t: import('ava').ExecutionContext,
  printed: Record<string, Record<string, unknown>>,
  _: Lockfile,
  blocks: ReturnType<typeof planBake>,
): void {
  for (const { type, name, attributes } of blocks) {
    if (type === 'group') continue;
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined) continue;
      // bake prints paths joined.
      const meant = key === 'dockerfile' ? 'Dockerfile' : plainValue(value);
      t.deepEqual(printed[name]?.[key], meant, `${name}.${key}`);
    }
  }
}

function plainValue(value: Value): unknown {
  if (typeof value !== 'object') return value;
  if ('heredoc' in value) return value.heredoc;
  return 'get' in value ? Object.fromEntries(value) : value;
}
