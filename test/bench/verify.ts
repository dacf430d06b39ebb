/**
 * `repro verify` on a cache of 50 MB and one of 5 GB in a real registry: its memory, which should be the same (target:
 * within 1.5 x), and its time against standard tools that read and hash the same bytes (target: within 1.3 x).
 * Usage: npm run bundle && npx tsc && node build/test/bench/verify.js [BYTES]
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import tar from 'tar-stream';
import { cacheLabels } from '../../src/bake/labels.ts';
import * as rules from '../../src/distro/index.ts';
import { cacheInputs, parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Digest, Lockfile, Package } from '../../src/model.ts';
import { withEngine } from '../engine/engine.ts';

const run = promisify(execFile);
const main = resolve('dist/main.js');
const LAYERS = 14;
const FILES = 10;
const large = Number(process.argv[2] ?? 5e9);

/** Bytes that no compression and no cache of equal blocks makes less of, and that cost nothing to make. */
function* content(seed: number, size: number): Generator<Buffer> {
  const block = Buffer.alloc(1 << 20);
  for (let at = 0, state = seed + 1; at < block.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    block.writeUInt32LE(state, at);
  }
  for (let done = 0; done < size; done += block.length) {
    block.writeUInt32LE(done >>> 0, 0);
    yield Buffer.from(block.subarray(0, Math.min(block.length, size - done)));
  }
}

async function upload(base: string, body: () => AsyncIterable<Buffer> | Iterable<Buffer>) {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body()) {
    hash.update(chunk);
    size += chunk.length;
  }
  const digest: Digest = `sha256:${hash.digest('hex')}`;
  const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', base);
  location.searchParams.set('digest', digest);
  const init = { method: 'PUT', body: Readable.from(body()) as never, duplex: 'half' } as const;
  const headers = { 'content-length': String(size), 'content-type': 'application/octet-stream' };
  const put = await fetch(location, { ...init, headers });
  if (put.status !== 201) throw new Error(`${put.status} ${await put.text()}`);
  return { digest, size };
}

async function* archive(files: { name: string; size: number; body(): Iterable<Buffer> }[]) {
  const pack = tar.pack();
  const fill = async () => {
    for (const { name, size, body } of files) {
      await new Promise<void>((done, fail) => {
        const entry = pack.entry({ name, size, mtime: new Date(0) }, (error) =>
          error ? fail(error) : done(),
        );
        Readable.from(body()).pipe(entry);
      });
    }
    pack.finalize();
  };
  const filled = fill();
  for await (const chunk of pack) yield chunk as Buffer;
  await filled;
}

await withEngine({ bases: ['trixie'] }, async ({ registry, env }) => {
  const folder = await mkdtemp(join(tmpdir(), 'repro-bench-'));
  const probe = join(folder, 'probe.cjs');
  // Of this program alone: a process inherits the `maxRSS` of the one that started it.
  const peak = "/VmHWM:\\s+(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]";
  await writeFile(
    probe,
    `const fs = require('fs'); process.on('exit', () => fs.writeFileSync(${JSON.stringify(join(folder, 'peak'))}, ${peak}));`,
  );

  const make = async (name: string, bytes: number): Promise<string[]> => {
    const base = `http://${registry}/v2/${name}`;
    const size = Math.floor(bytes / LAYERS / FILES);
    const packages: Package[] = [];
    const layers: { digest: Digest; size: number }[] = [];
    for (let layer = 0; layer < LAYERS; layer++) {
      const files = Array.from({ length: FILES }, (_, index) => {
        const body = () => content(layer * FILES + index, size);
        const hash = createHash('sha256');
        for (const chunk of body()) hash.update(chunk);
        const pkg = {
          name: `pkg${layer}x${index}`,
          version: '1',
          arch: 'all',
          sha256: hash.digest('hex'),
          size,
        };
        packages.push(pkg);
        return { name: `${pkg.name}_1_all.deb`, size, body };
      });
      layers.push(await upload(base, () => archive(files)));
    }
    const list = Buffer.from(
      packages
        .map(
          (pkg) =>
            `Package: ${pkg.name}\nVersion: 1\nArchitecture: all\nSize: ${pkg.size}\nSHA256: ${pkg.sha256}\n\n`,
        )
        .join(''),
    );
    const inventory = { name: 'Packages', size: list.length, body: () => [list] };
    layers.push(await upload(base, () => archive([inventory])));
    const file = join(folder, `${name}.lock`);
    const images = ['--image', `${registry}/${name}:v1`, '--base', `${registry}/debian:trixie-slim`];
    await run(process.execPath, [main, 'init', '-f', file, ...images, '--package', 'pkg0x0']);
    const lockfile: Lockfile = {
      ...(await parseLockfile(await readFile(file, 'utf8'), file, rules)),
      platform: [{ name: 'linux/amd64', packages }],
    };
    const config = { os: 'linux', architecture: 'amd64', config: { Labels: cacheLabels(lockfile) } };
    const type = (kind: string) => `application/vnd.oci.image.${kind}`;
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: type('manifest.v1+json'),
      config: {
        mediaType: type('config.v1+json'),
        ...(await upload(base, () => [Buffer.from(JSON.stringify(config))])),
      },
      layers: layers.map((layer) => ({ mediaType: type('layer.v1.tar'), ...layer })),
    });
    const put = await fetch(`${base}/manifests/v1-pkg-cache`, {
      method: 'PUT',
      headers: { 'content-type': type('manifest.v1+json') },
      body: manifest,
    });
    if (put.status !== 201) throw new Error(await put.text());
    const digest: Digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
    const inputs = cacheInputs(lockfile);
    const cache = { ...lockfile.cache, digest, ...(inputs && { inputs }) };
    await writeFile(file, serializeLockfile({ ...lockfile, cache }));
    return layers.map((layer) => `${base}/blobs/${layer.digest}`);
  };

  const timed = async (command: string, args: string[]): Promise<number> => {
    const start = performance.now();
    const options = { cwd: folder, env: { ...process.env, ...env, NODE_OPTIONS: `--require ${probe}` } };
    await run(command, args, options);
    return (performance.now() - start) / 1000;
  };
  const megabytes = async () => {
    return Number(await readFile(join(folder, 'peak'), 'utf8')) / 1024;
  };

  try {
    const memory: number[] = [];
    for (const [name, bytes] of [
      ['small', 5e7],
      ['large', large],
    ] as const) {
      const urls = await make(name, bytes);
      await writeFile(join(folder, 'urls'), `${urls.join('\n')}\n`);
      const tools: Record<string, string> = {
        'curl | sha256sum, one after another': 'while read -r url; do curl -s "$url" | sha256sum; done <urls',
        'curl | sha256sum, 3 at once': `xargs -P 3 -I{} sh -c 'curl -s "{}" | sha256sum' <urls`,
        'curl | openssl dgst -sha256, one after another':
          'while read -r url; do curl -s "$url" | openssl dgst -sha256; done <urls',
        'curl | tee, sha256sum and tar --to-command=sha256sum':
          'while read -r url; do curl -s "$url" | tee >(sha256sum >&2) | tar -x --to-command=sha256sum; done <urls',
      };
      const seconds = await timed(process.execPath, [main, 'verify', '-f', `${name}.lock`]);
      memory.push(await megabytes());
      console.log(`${name}: ${bytes / 1e6} MB`);
      console.log(`  repro verify: ${seconds.toFixed(2)} s, ${memory.at(-1)?.toFixed(0)} MB of memory`);
      for (const [what, script] of Object.entries(tools)) {
        const other = await timed('bash', ['-euc', script]);
        console.log(`  ${what}: ${other.toFixed(2)} s (verify: ${(seconds / other).toFixed(2)} x)`);
      }
    }
    const [small = 1, big = 1] = memory;
    console.log(`memory: ${(big / small).toFixed(2)} x`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
