import test from 'ava';
import fc from 'fast-check';
import { accepted, hostile, judge, paths } from './hostile.ts';
import { readHcl } from './nasty.ts';

test('a hostile lockfile is refused, or its strings stay text', async (t) => {
  let through = 0;
  await fc.assert(
    fc.asyncProperty(hostile, async (lockfile) => {
      const result = await accepted(lockfile);
      if (result === undefined) return;
      through += 1;
      for (const kind of ['inline', 'own'] as const) {
        const text = result.texts[kind];
        if (text === undefined) continue;
        const targets = Object.entries(readHcl(text)['target'] ?? {}).map(([name, [body]]) => [name, body]);
        t.deepEqual(judge(Object.fromEntries(targets), result, kind), []);
      }
    }),
    { numRuns: 3000, seed: 1 },
  );
  t.log(`${paths.length} strings, ${through} of 3000 lockfiles got through`);
  t.true(through > 100, 'otherwise nothing was tried');
});
