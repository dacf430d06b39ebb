import { join } from 'node:path';
import { type Store, startDaemon } from './daemon.ts';
import { tools as debianTools, type Tools } from './debian.ts';
import { baseImage } from './images.ts';
import { push } from './push.ts';
import { type RegistryOptions, type RegistryServer, startRegistry } from './registry.ts';
import { run, say, succeeds } from './run.ts';
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
      void Promise.allSettled([...open].map((stop) => stop())).then(() => process.exit(128 + number));
    });
  }
}
let watching = false;

async function machineEngine(store: Store | undefined): Promise<boolean> {
  if (store === 'classic' || process.env['REPRO_TEST_ENGINE'] === 'own') return false;
  return succeeds('docker', ['version', '--format', '{{.Server.Version}}']);
}

/** A Docker engine with a registry that holds the base images. `stop` undoes all of it; so does a signal. */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const begun = Date.now();
  const machine = await machineEngine(options.store);
  const tools: Tools = await debianTools();
  await sweep(tools.env);
  const current = await newRun();
  const stop = async (): Promise<void> => {
    await endRun(current, tools.env);
    open.delete(stop);
  };
  open.add(stop);
  if (!watching) stopOnSignals();
  watching = true;
  try {
    const parts = [
      machine ? { ...process.env } : startDaemon(current, tools, options.store ?? 'containerd'),
      startRegistry(current, tools.env),
      Promise.all((options.bases ?? ['trixie', 'bookworm']).map((suite) => baseImage(suite, tools))),
    ] as const;
    // All of them, also when one fails: nothing may start after the clean-up.
    await Promise.allSettled(parts);
    const [env, registry, images] = await Promise.all(parts);
    const docker = (...args: string[]): Promise<string> => run('docker', args, env);
    const bases: Record<string, string> = {};
    for (const { suite, folder } of images) {
      bases[suite] = await push(folder, registry.host, 'debian', `${suite}-slim`);
    }
    const info = JSON.parse(await docker('info', '--format', '{{json .}}')) as {
      ServerVersion: string;
      DriverStatus?: [string, string][];
    };
    const containerd =
      info.DriverStatus?.some(([, value]) => value.startsWith('io.containerd.snapshotter')) ?? false;
    const buildx = (await docker('buildx', 'version')).trim();
    const kind = machine ? 'machine' : 'own';
    const store = containerd ? 'containerd' : 'classic';
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    say(
      `${kind} engine ${info.ServerVersion}, ${store} store, ${buildx}, registry ${registry.host} (${seconds} s)`,
    );
    return {
      env,
      registry: registry.host,
      bases,
      store,
      bridge: current.state.bridges[0],
      kind,
      version: info.ServerVersion,
      buildx,
      folder: join(current.folder),
      docker,
      startRegistry: (more) => startRegistry(current, tools.env, more),
      stop,
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
