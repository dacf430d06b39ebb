import parse from '@iarna/toml/parse-string.js';
import type { ExecutionContext } from 'ava';
import { manifestOf, ok, type Project } from './project.ts';

/** Two builds give one digest, of the cache and of the app; and the cache is hardly larger than its packages. */
export async function twice(t: ExecutionContext, project: Project, name: string): Promise<void> {
  const digests = { cache: new Set<string>(), app: new Set<string>() };
  for (const _ of [1, 2]) {
    await ok(t, project.bake('--no-cache', '--push', 'pkg-cache'));
    digests.cache.add((await manifestOf(project.engine, name, 'v1-pkg-cache')).digest);
    await ok(t, project.bake('--no-cache', '--push', 'app'));
    digests.app.add((await manifestOf(project.engine, name, 'v1')).digest);
  }
  t.is(digests.cache.size, 1);
  t.is(digests.app.size, 1);
  await ok(t, project.repro('lock', '--check'));
  const { platform } = parse(await project.read('repro.lock')) as unknown as {
    platform: { packages: { size: number }[] }[];
  };
  const packages = platform[0]?.packages.reduce((sum, { size }) => sum + size, 0) ?? 0;
  t.true(packages > 1_000_000);
  const { config, layers, size } = await manifestOf(project.engine, name, 'v1-pkg-cache');
  // A registry keeps one blob for all layers that are the same.
  const blobs = new Map(layers.map((layer) => [layer.digest, layer.size]));
  const ratio = (size + config.size + [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0)) / packages;
  t.log(`cache bytes / package bytes: ${ratio.toFixed(4)}`);
  t.true(ratio <= 1.02, `${ratio}`);
}
