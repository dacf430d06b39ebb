/**
 * What a push uploads when 1 of N package files changed: bytes of the blobs that the registry receives, against the
 * changed file. Files of made-up content, on the layers that the bake file has. Usage: node build/test/bench/push.js
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyLayers, spread } from '../../src/bake/layers.ts';
import { withEngine } from '../engine/engine.ts';

/** Sizes as package files have them: many small ones, few large ones. */
const sizes = (count: number) =>
  Array.from({ length: count }, (_, n) => Math.round(2 ** (12 + 10 * ((n * 0.618) % 1) ** 2)));

await withEngine({ bases: ['trixie'] }, async (engine) => {
  let uploaded = 0;
  const [hostname, port] = engine.registry.split(':');
  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming;
    if (method !== 'GET' && method !== 'HEAD')
      incoming.on('data', (chunk: Buffer) => (uploaded += chunk.length));
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const watched = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), 'repro-bench-'));

  const push = async (count: number, changed: number | undefined): Promise<number> => {
    const files = sizes(count).map((size, n) => `${size} package${n}_1.${n === changed ? 1 : 0}_amd64.deb`);
    await writeFile(join(folder, 'files'), `${files.join('\n')}\n`);
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${engine.registry}/debian:trixie-slim AS collect
COPY files /files
RUN <<'MAKE'
set -eu
mkdir -p /out/packages
while read -r size name; do yes "$name" | head -c "$size" >"/out/packages/$name"; done </files
${spread}
find /out -exec touch -h -d @0 {} +
MAKE
FROM scratch
${copyLayers}COPY --from=collect /files /
`,
    );
    uploaded = 0;
    const output = 'type=image,push=true,oci-mediatypes=true,compression=uncompressed,force-compression=true';
    await engine.docker(
      'buildx',
      'build',
      '--provenance=false',
      '-t',
      `${watched}/bench-${count}:v1`,
      '--output',
      output,
      folder,
    );
    return uploaded;
  };

  const row = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  row(['packages', 'all bytes', 'changed file', 'uploaded', 'uploaded - changed']);
  row(['---', '---', '---', '---', '---']);
  try {
    for (const count of [10, 100, 500]) {
      const all = sizes(count).reduce((sum, size) => sum + size, 0);
      await push(count, undefined);
      const byRank = sizes(count)
        .map((size, n) => ({ size, n }))
        .sort((a, b) => b.size - a.size);
      for (const { size, n } of [
        byRank[0],
        byRank[Math.min(9, count - 1)],
        byRank[Math.floor(count / 2)],
      ].filter((item) => item !== undefined)) {
        const bytes = await push(count, n);
        row([count, ...[all, size, bytes, bytes - size].map((value) => value.toLocaleString('en-US'))]);
      }
    }
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
});
