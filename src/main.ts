#!/usr/bin/env node
import { now } from './io/clock.ts';
import { createProgress, paintFor, print } from './io/terminal.ts';
import type { Ports } from './ports.ts';
import { failure } from './report/outcome.ts';
import { run } from './run.ts';
import { version } from './version.ts';

const { stdout, stderr } = process;
// What can't be printed stops nothing; of the result, `print` tells.
for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
const paint = { stdout: paintFor(stdout), stderr: paintFor(stderr) };
const progress = createProgress(stderr);
let close = () => {};

// What a command does not use is not loaded.
const registry = once(async () => {
  const [{ createRegistry }, { homedir }] = await Promise.all([
    import('./io/registry/client.ts'),
    import('node:os'),
  ]);
  const registry = createRegistry({
    env: process.env,
    platform: process.platform,
    home: homedir(),
    userAgent: `repro/${version}`,
    insecure: (process.env['REPRO_INSECURE_REGISTRIES'] ?? '').split(',').filter((host) => host !== ''),
    onProgress: ({ label, done, total }) => progress.show(label, done, total),
  });
  close = () => registry.close();
  return registry;
});

const ports: Ports = {
  files: {
    read: async (...args) => (await import('./io/files.ts')).files.read(...args),
    list: async (...args) => (await import('./io/files.ts')).files.list(...args),
    write: async (...args) => (await import('./io/files.ts')).files.write(...args),
  },
  registry: {
    head: async (...args) => (await registry()).head(...args),
    manifest: async (...args) => (await registry()).manifest(...args),
    blob: async (...args) => (await registry()).blob(...args),
    stream: async (...args) => (await registry()).stream(...args),
    tag: async (...args) => (await registry()).tag(...args),
    login: async (...args) => (await registry()).login(...args),
  },
  docker: {
    bake: async (...args) => (await import('./io/docker/index.ts')).docker.bake(...args),
    ask: async (...args) => (await import('./io/docker/index.ts')).docker.ask(...args),
    rebuild: async (...args) => (await import('./io/docker/index.ts')).docker.rebuild(...args),
  },
  git: {
    commit: async (...args) => (await import('./io/git.ts')).git.commit(...args),
    mergeBase: async (...args) => (await import('./io/git.ts')).git.mergeBase(...args),
    read: async (...args) => (await import('./io/git.ts')).git.read(...args),
  },
  hint: (line) => stderr.write(`${line}\n`),
  now: () => now(process.env),
};

const outcome = await run(process.argv.slice(2), ports, paint);
progress.clear();
close();
const problem = await print(stdout, outcome.stdout);
const { exitCode, stderr: notes } = problem === undefined ? outcome : failure(problem, false, paint.stderr);
await print(stderr, notes);
process.exitCode = exitCode;

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
