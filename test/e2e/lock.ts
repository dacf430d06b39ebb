import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { engineOf, lockedProject, manifestOf, newProject, ok } from './project.ts';

const test = anyTest as TestFn;

/** A way to the registry that writes down what is asked of it. */
async function watched(t: ExecutionContext, registry: string): Promise<{ host: string; asked: string[] }> {
  const asked: string[] = [];
  const [hostname, port] = registry.split(':');
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    asked.push(`${method} ${path}`);
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** `repro lock` against the real registry. */
export function lockTests(): void {
  const engine = engineOf('containerd');

  test.serial('lock: nothing changed, nothing written, one HEAD a reference', async (t) => {
    const { host, asked } = await watched(t, engine.registry);
    const project = await lockedProject(
      t,
      { ...engine, registry: host },
      { name: 'quiet', base: 'debian:trixie-slim', packages: ['hello'] },
    );
    const before = await project.read('repro.lock');
    for (const args of [['lock'], ['lock', '--check']]) {
      asked.length = 0;
      const { stdout } = await ok(t, project.repro(...args));
      t.is(stdout, 'repro.lock is up to date\n');
      t.deepEqual([...asked].sort(), [
        'HEAD /v2/debian/manifests/trixie-slim',
        'HEAD /v2/quiet/manifests/v1-pkg-cache',
      ]);
    }
    t.is(await project.read('repro.lock'), before);

    // A cache that was pushed again costs its manifest, its configuration and its inventory, not the packages.
    await ok(t, project.repro('add', 'jq'));
    await ok(t, project.repro('generate'));
    await ok(t, project.bake('pkg-cache', '--push'));
    asked.length = 0;
    await ok(t, project.repro('lock'));
    const { layers, config } = await manifestOf(engine, 'quiet', 'v1-pkg-cache');
    const blobs = asked.filter((line) => line.includes('/blobs/'));
    t.deepEqual(
      blobs.map((line) => line.split('/').at(-1)).sort(),
      [config.digest, layers.at(-1)?.digest].sort(),
    );
  });

  test.serial('lock: a cache for other packages, or on another base, is refused by name', async (t) => {
    const project = await lockedProject(t, engine, {
      name: 'stale',
      base: 'debian:trixie-slim',
      packages: ['hello'],
    });
    const lockfile = await project.read('repro.lock');
    const cache = `${engine.registry}/stale:v1-pkg-cache`;

    await ok(t, project.repro('add', 'jq'));
    const asking = await project.read('repro.lock');
    const packages = await project.repro('lock');
    t.is(packages.code, 1);
    const base = /digest = "(sha256:[0-9a-f]{64})"/.exec(lockfile)?.[1];
    t.is(
      packages.stderr,
      `error: the package cache ${cache} was collected for "hello" where the lockfile has "hello jq" [E_CACHE_STALE]
  hint: run repro update, or: repro generate, then docker buildx bake -f docker-bake.hcl pkg-cache --push, then repro lock
`,
    );
    t.is(await project.read('repro.lock'), asking);

    const { digest: other } = await manifestOf(engine, 'debian', 'bookworm-slim');
    await project.write('repro.lock', lockfile.replace(base ?? '', other).replaceAll('trixie', 'bookworm'));
    const moved = await project.repro('lock');
    t.is(moved.code, 1);
    const short = (digest = '') => `"${engine.registry}/debian@${digest.slice(0, 19)}"`;
    t.true(
      moved.stderr.includes(
        `was collected on ${short(base)} where the lockfile has ${short(other)} [E_CACHE_STALE]`,
      ),
      moved.stderr,
    );
    await ok(
      t,
      project.write('repro.lock', lockfile).then(() => project.repro('lock', '--check')),
    );
  });

  test.serial('update --base moves the base, and nothing else does', async (t) => {
    const project = await newProject(t, engine);
    const base = `${engine.registry}/moving:1`;
    const push = async (note: string) => {
      await project.write(
        'Dockerfile.base',
        `FROM ${engine.registry}/debian:trixie-slim\nLABEL note=${note}\n`,
      );
      await ok(t, project.docker('buildx', 'build', '--push', '-t', base, '-f', 'Dockerfile.base', '.'));
      return (await manifestOf(engine, 'moving', '1')).digest;
    };
    const first = await push('one');
    await ok(
      t,
      project.repro('init', '--image', `${engine.registry}/mover:v1`, '--base', base, '--package', 'hello'),
    );
    await ok(t, project.repro('update'));
    const second = await push('two');
    const lock = await ok(t, project.repro('lock'));
    t.regex(
      lock.stderr,
      /is another image by now: sha256:\w{12}, where the lockfile has sha256:\w{12} \[E_BASE_MOVED\]/,
    );
    t.regex(lock.stderr, /hint: to move to it: repro update --base/);
    t.true((await project.read('repro.lock')).includes(first));
    await ok(t, project.repro('update', '--base'));
    const after = await project.read('repro.lock');
    t.true(after.includes(second) && !after.includes(first));
    await ok(t, project.bake('app'));
  });
}
