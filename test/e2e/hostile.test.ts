import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { accepted, hostile, judge } from '../bake/hostile.ts';
import { engines, execute } from './project.ts';

test('what buildx reads of hostile lockfiles is what was meant', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'repro-e2e-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [engine] = engines();
  const env = { ...process.env, ...engine?.env };
  let judged = 0;
  for (const lockfile of fc.sample(hostile, { numRuns: 2000, seed: 1 })) {
    if (judged === 60) break;
    const result = await accepted(lockfile);
    if (result === undefined) continue;
    for (const kind of ['inline', 'own'] as const) {
      const text = result.texts[kind];
      if (text === undefined) continue;
      const file = join(folder, 'docker-bake.hcl');
      writeFileSync(file, text);
      const targets = kind === 'inline' ? ['app', 'pkg-cache'] : ['app', 'packages', 'pkg-cache'];
      const print = await execute('docker', ['buildx', 'bake', '-f', file, '--print', ...targets], {
        cwd: folder,
        env,
      });
      t.is(print.code, 0, `${print.stderr}\n${text}`);
      t.deepEqual(judge(JSON.parse(print.stdout).target, result, kind), []);
      judged += 1;
    }
  }
  t.true(judged >= 60, `${judged}`);
});
