import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Store } from '../engine/engine.ts';

/** What test/run.ts says of a running engine. */
export interface EngineFacts {
  /** The test file that has it to itself. */
  suite: string;
  store: Store;
  env: Record<string, string>;
  /** `127.0.0.1:PORT`, with the base images `debian:trixie-slim` and `debian:bookworm-slim`. */
  registry: string;
  /** Where build steps get their network from; the machine's own engine has another. */
  bridge?: string;
  version: string;
  buildx: string;
}

export function engineOf(suite: string): EngineFacts {
  const found = engines().find((engine) => engine.suite === suite);
  if (found === undefined) throw new Error(`no engine for ${suite}: run these tests with npm run e2e`);
  return found;
}

export function engines(): EngineFacts[] {
  return JSON.parse(process.env['REPRO_TEST_ENGINES'] ?? '[]');
}

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
  /** Both, for messages that may be on either. */
  output: string;
}

/** A program's run, to its end, whatever its exit code. */
export function execute(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Result> {
  return new Promise((done) => {
    execFile(command, args, { ...options, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
      done({ code, stdout, stderr, output: `${stdout}${stderr}` });
    }).stdin?.end();
  });
}

export interface Project {
  folder: string;
  engine: EngineFacts;
  /** The built command-line tool, in the project's folder. */
  repro(...args: string[]): Promise<Result>;
  docker(...args: string[]): Promise<Result>;
  /** `docker buildx bake -f docker-bake.hcl …`. */
  bake(...args: string[]): Promise<Result>;
  read(name: string): Promise<string>;
  write(name: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

const main = resolve('dist/main.js');

/** An empty folder that goes away with the test. */
export async function newProject(t: ExecutionContext, engine: EngineFacts): Promise<Project> {
  const project = await createProject(engine);
  t.teardown(() => project.remove());
  return project;
}

/** The same for several tests; the last one removes it. */
export async function createProject(engine: EngineFacts): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'repro-e2e-'));
  const env = { ...process.env, ...engine.env, NO_COLOR: '1', BUILDKIT_PROGRESS: 'plain' };
  const docker = (...args: string[]) => execute('docker', args, { cwd: folder, env });
  return {
    folder,
    engine,
    docker,
    repro: (...args) => execute(process.execPath, [main, ...args], { cwd: folder, env }),
    bake: (...args) => docker('buildx', 'bake', '-f', 'docker-bake.hcl', ...args),
    read: (name) => readFile(join(folder, name), 'utf8'),
    write: (name, text) => writeFile(join(folder, name), text),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Asserts success and passes the result on. */
export async function ok(t: ExecutionContext, run: Promise<Result>): Promise<Result> {
  const result = await run;
  t.is(result.code, 0, result.output);
  return result;
}

export interface Wanted {
  /** Of the image, without the registry. */
  name: string;
  /** In the engine's registry: `debian:trixie-slim`. */
  base: string;
  packages: readonly string[];
}

/** init, update. */
export async function lockProject(
  t: ExecutionContext,
  project: Project,
  { name, base, packages }: Wanted,
  ...more: string[]
): Promise<void> {
  const { registry } = project.engine;
  const images = ['--image', `${registry}/${name}:v1`, '--base', `${registry}/${base}`];
  await ok(t, project.repro('init', ...images, ...packages.flatMap((pkg) => ['--package', pkg]), ...more));
  await ok(t, project.repro('update'));
}

/** A project that is locked, and goes away with the test. */
export async function lockedProject(
  t: ExecutionContext,
  engine: EngineFacts,
  wanted: Wanted,
  ...more: string[]
): Promise<Project> {
  const project = await newProject(t, engine);
  await lockProject(t, project, wanted, ...more);
  return project;
}

const types = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export interface Manifest {
  digest: string;
  config: { digest: string; size: number };
  layers: { digest: string; size: number; mediaType: string }[];
  manifests?: { digest: string }[];
  /** Length of the manifest itself, in bytes. */
  size: number;
}

/** What the registry has under `name:tag`, read independently of the tool. */
export async function manifestOf(engine: EngineFacts, name: string, tag: string): Promise<Manifest> {
  const response = await fetch(`http://${engine.registry}/v2/${name}/manifests/${tag}`, {
    headers: { accept: types },
  });
  if (!response.ok) throw new Error(`${name}:${tag}: ${response.status}`);
  const text = await response.text();
  return {
    ...JSON.parse(text),
    digest: response.headers.get('docker-content-digest'),
    size: Buffer.byteLength(text),
  };
}
