import { type Problem, ReproError } from '../../errors.ts';
import type { Docker, DockerAnswer } from '../../ports.ts';

/** What docker says of itself; undefined where it says nothing. */
export interface DockerFacts {
  client: string | undefined;
  buildx: string | undefined;
  engine: string | undefined;
  store: 'containerd' | 'classic' | undefined;
  builder: Builder | undefined;
  /** What did not answer in time. */
  silent: Problem[];
}

export interface Builder {
  name: string;
  /** docker, docker-container, kubernetes, remote. */
  driver: string;
  isRunning: boolean;
  /** Of BuildKit, where it is not the engine's own. */
  version: string | undefined;
  platforms: string[];
  error: string | undefined;
}

/** All questions at once. Throws E_NO_DOCKER. */
export async function askDocker(docker: Docker): Promise<DockerFacts> {
  const json = ['--format', '{{json .}}'];
  const silent: Problem[] = [];
  const ask = (args: readonly string[]) =>
    docker.ask(args).catch((error: unknown): DockerAnswer => {
      if (!(error instanceof ReproError && error.code === 'E_NO_ENGINE')) throw error;
      silent.push(error.problems[0]);
      return { code: 1, output: '' };
    });
  const [version, buildx, info, builder] = await Promise.all([
    ask(['version', ...json]),
    ask(['buildx', 'version']),
    ask(['info', ...json]),
    ask(['buildx', 'inspect']),
  ]);
  const { Client, Server } = parseJson(version);
  const { DriverStatus } = parseJson(info);
  const engine = versionOf(Server);
  return {
    client: versionOf(Client),
    // github.com/docker/buildx v0.13.1 7884339…
    buildx: buildx.code === 0 ? /^\S+\s+v?(\d[\w.+~-]*)/.exec(buildx.output)?.[1] : undefined,
    engine,
    store: engine === undefined ? undefined : storeOf(DriverStatus),
    builder: builder.code === 0 ? readBuilder(builder.output) : undefined,
    silent,
  };
}

/** Lines `Key: value`; a builder has nodes, each with some of its own (buildx, commands/inspect.go). */
export function readBuilder(text: string): Builder | undefined {
  const [head = '', ...nodes] = text.split(/^Nodes:$/m);
  const rest = nodes.join('');
  const valuesOf = (key: string, part: string) =>
    [...part.matchAll(new RegExp(`^${key}:[ \\t]*(\\S.*)$`, 'gim'))].map(([, value = '']) => value.trim());
  const [name] = valuesOf('Name', head);
  if (name === undefined) return undefined;
  const versions = valuesOf('BuildKit(?: version)?', rest).map(
    (value) => /^v?(\d[\w.+~-]*)/.exec(value)?.[1],
  );
  const platforms = valuesOf('Platforms', rest).flatMap((value) => value.split(/,\s*/));
  return {
    name,
    driver: valuesOf('Driver', head)[0] ?? '',
    isRunning: valuesOf('Status', rest).includes('running'),
    // What was built without a version says 0.0.0.
    version: versions.find((value) => value !== undefined && !value.startsWith('0.0.0')),
    platforms: [...new Set(platforms.map((platform) => platform.replace(/\*$/, '')))],
    error: valuesOf('Error', text)[0],
  };
}

function storeOf(status: unknown): 'containerd' | 'classic' {
  return JSON.stringify(status ?? '').includes('io.containerd.snapshotter') ? 'containerd' : 'classic';
}

function parseJson({ output }: DockerAnswer): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(output);
    return typeof content === 'object' && content !== null ? { ...content } : {};
  } catch {
    return {};
  }
}

function versionOf(part: unknown): string | undefined {
  const version = typeof part === 'object' && part !== null && 'Version' in part ? String(part.Version) : '';
  return /^v?(\d[\w.+~-]*)/.exec(version)?.[1];
}
