/**
 * Runs suites and ends with `N passed, N failed`, from the real counts: a test file that reports no test counts as
 * failed. Usage: node build/test/run.js [unit] [e2e]
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Engine, EngineUnavailable, type Store, startEngine } from './engine/engine.ts';

interface Count {
  passed: number;
  failed: number;
}

/** The suites of test/e2e that have an engine to themselves, and its image store. */
const stores = {
  classic: 'classic',
  containerd: 'containerd',
  families: 'containerd',
  rpm: 'containerd',
} as const;
const total: Count = { passed: 0, failed: 0 };
const missing: string[] = [];
const suites = process.argv.slice(2);
if (suites.includes('unit'))
  await ava(
    'unit',
    testFiles('test').filter((file) => !file.startsWith('test/e2e/')),
    {},
  );
if (suites.includes('e2e')) await endToEnd();

for (const reason of missing) console.log(`\nNOT RUN: ${reason}`);
if (missing.length > 0 && process.env['CI']) total.failed += missing.length;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** On both image stores, or what of them can be had here. */
async function endToEnd(): Promise<void> {
  const engines = new Map<string, Engine>();
  try {
    for (const [suite, store] of Object.entries(stores)) {
      const engine = await tryEngine(suite, store);
      if (engine !== undefined) engines.set(suite, engine);
    }
    if (engines.size === 0) return;
    const files = testFiles('test/e2e').filter((file) => {
      const suite = Object.keys(stores).find((name) => file === `test/e2e/${name}.test.ts`);
      return suite === undefined || engines.has(suite);
    });
    const facts = [...engines].map(([suite, { store, env, registry, bridge, buildx, version }]) => {
      const { PATH, DOCKER_HOST, DOCKER_CONFIG } = env;
      return { suite, store, env: { PATH, DOCKER_HOST, DOCKER_CONFIG }, registry, bridge, buildx, version };
    });
    await ava('e2e', files, { REPRO_TEST_ENGINES: JSON.stringify(facts) });
  } finally {
    await Promise.all([...engines.values()].map((engine) => engine.stop()));
  }
}

async function tryEngine(suite: string, store: Store): Promise<Engine | undefined> {
  try {
    return await startEngine({ store });
  } catch (error) {
    if (!(error instanceof EngineUnavailable)) throw error;
    missing.push(`test/e2e/${suite}.test.ts: ${error.message}`);
    return undefined;
  }
}

/** One run of ava; its TAP (testanything.org) goes on to standard output. */
async function ava(suite: string, files: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const silent = new Map(files.map((file) => [titleOf(file, files), file]));
  const config = suite === 'e2e' ? ['--config', 'e2e.ava.config.js'] : [];
  const child = spawn(
    process.execPath,
    ['node_modules/ava/entrypoints/cli.mjs', '--tap', ...config, ...files],
    {
      env: { ...process.env, ...env, FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const count: Count = { passed: 0, failed: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    const result = /^(not )?ok \d+ - (.*?)( # (?:SKIP|TODO).*)?$/.exec(line);
    if (result === null) continue;
    const [, bad, name = '', skipped] = result;
    if (bad !== undefined || skipped !== undefined) count.failed += 1;
    else count.passed += 1;
    for (const prefix of silent.keys()) {
      if (files.length === 1 || name.startsWith(`${prefix} › `)) silent.delete(prefix);
    }
  }
  const code = await ended;
  for (const file of silent.values()) console.log(`\nno test ran in ${file}`);
  total.passed += count.passed;
  total.failed += count.failed + silent.size;
  if (code !== 0 && count.failed + silent.size === 0) {
    console.log(`\nava ended with ${code} in the ${suite} suite`);
    total.failed += 1;
  }
}

/** What ava puts before the titles of a file where there are several: its path below the folder that all share. */
function titleOf(file: string, files: readonly string[]): string {
  const folders = files.map((name) => name.split('/').slice(0, -1));
  const shared = folders[0]?.findIndex((part, index) => folders.some((parts) => parts[index] !== part)) ?? 0;
  const parts = file.replace(/\.test\.ts$/, '').split('/');
  return parts.slice(shared === -1 ? folders[0]?.length : shared).join(' › ');
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}
