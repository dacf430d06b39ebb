import parse from '@iarna/toml/parse-string.js';
import type { ExecutionContext } from 'ava';
import type { Figures } from './figures.ts';
import { manifestOf, ok, type Project } from './project.ts';

type Twice = Pick<Figures, 'packages' | 'packageBytes' | 'cacheBytes' | 'cacheDigests' | 'appDigests'>;

/** Two builds give one digest, of the cache and of the app; and the cache is hardly larger than its packages. */
export async function twice(t: ExecutionContext, project: Project, name: string): Promise<Twice> {
  const [cacheDigests, appDigests]: [string[], string[]] = [[], []];
  for (const _ of [1, 2]) {
    await ok(t, project.bake('--no-cache', '--push', 'pkg-cache'));
    cacheDigests.push((await manifestOf(project.engine, name, 'v1-pkg-cache')).digest);
    await ok(t, project.bake('--no-cache', '--push', 'app'));
    appDigests.push((await manifestOf(project.engine, name, 'v1')).digest);
  }
  t.is(cacheDigests[0], cacheDigests[1]);
  t.is(appDigests[0], appDigests[1]);
  await ok(t, project.repro('lock', '--check'));
  const { platform } = parse(await project.read('repro.lock')) as unknown as {
    platform: { packages: { size: number }[] }[];
  };
  const packages = platform[0]?.packages ?? [];
  const packageBytes = packages.reduce((sum, { size }) => sum + size, 0);
  t.true(packageBytes > 1_000_000);
  const { config, layers, size } = await manifestOf(project.engine, name, 'v1-pkg-cache');
  // A registry keeps one blob for all layers that are the same.
  const blobs = new Map(layers.map((layer) => [layer.digest, layer.size]));
  const cacheBytes = size + config.size + [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
  t.true(cacheBytes / packageBytes <= 1.02, `${cacheBytes} / ${packageBytes}`);
  return { packages: packages.length, packageBytes, cacheBytes, cacheDigests, appDigests };
}
