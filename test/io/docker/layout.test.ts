import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openLayout } from '../../../src/io/docker/layout.ts';
import { readImage } from '../../../src/oci/image.ts';
import { layerEntries } from '../../../src/oci/layer-files.ts';
import { type Entry, tarOf } from '../../helpers/ports.ts';
import { sha256, types } from '../registry/server.ts';

async function archiveOf(t: ExecutionContext, entries: Entry[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'repro-test-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'image.tar');
  await writeFile(path, await tarOf(entries));
  return path;
}

const json = (value: unknown) => JSON.stringify(value);
const blob = (text: string): Entry => ({ name: `blobs/sha256/${sha256(text).slice(7)}`, text });

test('an image in an archive, as docker buildx and docker image save write it', async (t) => {
  const layer = (await tarOf([{ name: 'a', text: 'text' }])).toString('latin1');
  const config = json({ os: 'linux', architecture: 'amd64' });
  const put = (mediaType: string, text: string) => ({ mediaType, digest: sha256(text), size: text.length });
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: put('application/vnd.oci.image.config.v1+json', config),
    layers: [
      put('application/vnd.oci.image.layer.v1.tar', layer),
      put('application/vnd.oci.image.layer.v1.tar', ''),
    ],
  });
  const index = json({ schemaVersion: 2, manifests: [put(types.manifest, manifest)] });
  const path = await archiveOf(t, [
    { name: 'blobs/', type: 'directory' },
    ...[layer, '', config, manifest].map(blob),
    { name: 'index.json', text: index },
    { name: 'oci-layout', text: '{}' },
  ]);
  const opened = await openLayout(path);
  t.is(opened?.digest, sha256(manifest));
  if (opened === undefined) return;
  const reference = { domain: 'localhost', path: 'x', digest: opened.digest };
  const { descriptor, images } = await readImage(opened.image, reference, ['linux/amd64']);
  t.deepEqual(descriptor, put(types.manifest, manifest));
  const [first, empty] = images[0]?.manifest.layers ?? [];
  if (first === undefined || empty === undefined) throw new Error('two layers');
  const entries = [];
  for await (const { path, size } of layerEntries(await opened.image.stream(reference, first, '')))
    entries.push([path, size]);
  t.deepEqual(entries, [['a', 4]]);
  t.deepEqual(await opened.image.blob(reference, empty, 10), Buffer.alloc(0));
  await t.throwsAsync(opened.image.blob(reference, first, 10), { message: 'more than 10 bytes' });
});

test('archives of another form', async (t) => {
  const others: Entry[][] = [
    [{ name: 'manifest.json', text: '[]' }],
    [{ name: 'index.json', text: '{}' }],
    [{ name: 'index.json', text: '{"manifests":[{"digest":"sha256:1"}]}' }],
  ];
  for (const entries of others) t.is(await openLayout(await archiveOf(t, entries)), undefined);
  await t.throwsAsync(openLayout('no/such/file'), { code: 'ENOENT' });
});
