/**
 * `repro generate` with 1,000 packages, from start to end, against `node -e 0`: the target is 2 x.
 * Usage: npm run bundle && npx tsc && node build/test/bench/generate.js
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as rules from '../../src/distro/index.ts';
import { cacheInputs, parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';

const main = resolve('dist/main.js');
const example = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const packages = Array.from({ length: 1000 }, (_, index) => ({
  name: `package-${index}`,
  version: `1:2.${index}.1-3+deb13u1`,
  arch: 'amd64',
  sha256: index.toString(16).padStart(64, '0'),
  size: 10_000 + index,
}));
const lockfile = { ...example, platform: [{ name: 'linux/amd64', packages }] };
const inputs = cacheInputs(lockfile);
if (inputs === undefined) throw new Error('the example is pinned');
const text = serializeLockfile({ ...lockfile, cache: { ...lockfile.cache, inputs } });

const folder = mkdtempSync(join(tmpdir(), 'repro-bench-'));
writeFileSync(join(folder, 'repro.lock'), text);
writeFileSync(join(folder, 'edited.lock'), `# A comment: read the long way.\n${text}`);
const runs: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'repro --version': [main, '--version'],
  'repro generate, 1,000 packages': [main, 'generate', '-o', '-'],
  'repro generate, 1,000 packages, edited by hand': [main, 'generate', '-f', 'edited.lock', '-o', '-'],
};
try {
  // Turn by turn, so that what else the machine does falls on all alike.
  const times = Object.keys(runs).map((): number[] => []);
  for (let round = 0; round < 21; round++) {
    for (const [index, args] of Object.values(runs).entries()) {
      const start = performance.now();
      execFileSync(process.execPath, args, {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
        maxBuffer: 1 << 28,
      });
      times[index]?.push(performance.now() - start);
    }
  }
  const medians = times.map((list) => list.sort((a, b) => a - b)[10] ?? Number.NaN);
  for (const [index, name] of Object.keys(runs).entries()) {
    const median = medians[index] ?? Number.NaN;
    console.log(
      `${name.padEnd(50)}${median.toFixed(0).padStart(5)} ms  ${(median / (medians[0] ?? 1)).toFixed(2)} x`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
