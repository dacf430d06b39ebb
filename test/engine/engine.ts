import { type Store, startDaemon } from './daemon.ts';
import { tools as debianTools } from './debian.ts';
import { hubBase, hubRegistry } from './hub.ts';
import { baseImage } from './images.ts';
import { push } from './push.ts';
import { type RegistryOptions, type RegistryServer, startRegistry } from './registry.ts';
import { EngineUnavailable, run, say, succeeds } from './run.ts';
import { endRun, newRun, sweep } from './runs.ts';

export type { Store } from './daemon.ts';
export type { RegistryOptions, RegistryServer } from './registry.ts';
export { EngineUnavailable } from './run.ts';

export interface EngineOptions {
  /** Default: whatever the machine's engine has, or containerd's. */
  store?: Store;
  /** Suites to make and push as `debian:SUITE-slim`. Default: trixie and bookworm. */
  bases?: readonly string[];
}

export interface Engine {
  /** Environment for `docker`: PATH, DOCKER_HOST, DOCKER_CONFIG. */
  env: NodeJS.ProcessEnv;
  /** `127.0.0.1:PORT`, holding the base images as `debian:SUITE-slim`. */
  registry: string;
  /** Digest of each base's index, by suite. */
  bases: Record<string, string>;
  store: Store;
  /** Where build steps have their network from; not known of the machine's engine. */
  bridge: string | undefined;
  /** `own`, or the machine's. */
  kind: 'own' | 'machine';
  version: string;
  buildx: string;
  /** A folder that goes away with the engine. */
  folder: string;
  /** Standard output of a docker command that has to succeed. */
  docker(...args: string[]): Promise<string>;
  startRegistry(options?: RegistryOptions): Promise<RegistryServer>;
  stop(): Promise<void>;
}

const open = new Set<() => Promise<void>>();

function stopOnSignals(): void {
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(signal, () => {
      if (open.size === 0) process.exit(128 + number);
      say(`${signal}: stopping what was started`);
      const stopped = Promise.allSettled([...open].map((stop) => stop()));
      void stopped.then((results) => {
        for (const result of results)
          if (result.status === 'rejected') say(`clean-up failed: ${result.reason}`);
        process.exit(128 + number);
      });
    });
  }
}
let watching = false;

/** The store of the engine that the machine has, if one answers on this machine and `docker buildx` is there. */
async function machineStore(): Promise<Store | undefined> {
  if (process.env['REPRO_TEST_ENGINE'] === 'own' || !(await succeeds('docker', ['buildx', 'version'])))
    return undefined;
  const context = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  if (!/^(unix|npipe):/.test(await run('docker', context).catch(() => ''))) return undefined;
  return describe(process.env).then(
    ({ store }) => store,
    () => undefined,
  );
}

async function describe(env: NodeJS.ProcessEnv): Promise<{ version: string; store: Store; buildx: string }> {
  const info = JSON.parse(await run('docker', ['info', '--format', '{{json .}}'], env)) as {
    ServerVersion?: string;
    DriverStatus?: [string, string][];
  };
  if (!info.ServerVersion) throw new Error('no Docker engine answers');
  const containerd = info.DriverStatus?.some(([, value]) => value.startsWith('io.containerd.snapshotter'));
  const buildx = (await run('docker', ['buildx', 'version'], env)).trim();
  return { version: info.ServerVersion, store: containerd ? 'containerd' : 'classic', buildx };
}

/** A Docker engine with a registry that holds the base images. `stop` undoes all of it; so does a signal. */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const begun = Date.now();
  const suites = options.bases ?? ['trixie', 'bookworm'];
  const found = await machineStore();
  const machine = found !== undefined && (options.store ?? found) === found;
  const tools = await debianTools().catch((error: unknown) => {
    if (!(error instanceof EngineUnavailable)) throw error;
    if (machine) return undefined;
    const which =
      options.store === undefined ? 'no Docker engine' : `no Docker engine with the ${options.store} store`;
    throw new EngineUnavailable(`${which} answers, and none can be set up: ${error.message}`, {
      cause: error,
    });
  });
  await sweep(tools?.env);
  const current = await newRun();
  const stop = async (): Promise<void> => {
    await endRun(current, tools?.env);
    open.delete(stop);
  };
  open.add(stop);
  if (!watching) stopOnSignals();
  watching = true;
  try {
    const parts = [
      machine || !tools ? { ...process.env } : startDaemon(current, tools, options.store ?? 'containerd'),
      tools ? startRegistry(current, tools.env).then(({ host }) => host) : hubRegistry(current),
      tools ? Promise.all(suites.map((suite) => baseImage(suite, tools))) : undefined,
    ] as const;
    // All of them, also when one fails: nothing may start after the clean-up.
    await Promise.allSettled(parts);
    const [env, registry, images] = await Promise.all(parts);
    const bases: Record<string, string> = {};
    for (const [index, suite] of suites.entries()) {
      const image = images?.[index];
      bases[suite] = await (image
        ? push([image.folder], registry, 'debian', `${suite}-slim`)
        : hubBase(registry, suite));
    }
    const { version, store, buildx } = await describe(env);
    const kind = machine ? 'machine' : 'own';
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    say(`${kind} engine ${version}, ${store} store, ${buildx}, registry ${registry} (${seconds} s)`);
    return {
      ...{ env, registry, bases, store, kind, version, buildx, stop },
      bridge: current.state.bridges[0],
      folder: current.folder,
      docker: (...args) => run('docker', args, env),
      startRegistry: async (more) => {
        if (tools) return startRegistry(current, tools.env, more);
        throw new EngineUnavailable('a registry with options needs Debian and root');
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function withEngine<T>(options: EngineOptions, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await startEngine(options);
  try {
    return await use(engine);
  } finally {
    await engine.stop();
  }
}
