import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** OCI descriptor (image-spec, descriptor.md). */
export interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

export async function blobOf(path: string, mediaType: string): Promise<Blob> {
  const content = await readFile(path);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { mediaType, digest, size: content.length };
}

async function request(url: string | URL, init: RequestInit, wanted: number): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status === wanted) return response;
  throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`);
}

/** Pushes images that are in folders (images.ts) without any engine, under an index of them. Returns its digest. */
export async function push(
  folders: readonly string[],
  host: string,
  repository: string,
  tag: string,
): Promise<string> {
  const base = `http://${host}/v2/${repository}`;
  const put = async (body: Buffer, as?: string): Promise<string> => {
    const { mediaType } = JSON.parse(body.toString()) as { mediaType: string };
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    const headers = { 'content-type': mediaType };
    await request(`${base}/manifests/${as ?? digest}`, { method: 'PUT', headers, body }, 201);
    return digest;
  };
  const indexes: { manifests: unknown[] }[] = [];
  for (const folder of folders) {
    const manifest = await readFile(join(folder, 'manifest.json'));
    const { config, layers } = JSON.parse(manifest.toString()) as { config: Blob; layers: Blob[] };
    for (const [file, blob] of [['config.json', config] as const, ['layer.tar.gz', layers[0]] as const]) {
      if (blob === undefined) continue;
      if ((await fetch(`${base}/blobs/${blob.digest}`, { method: 'HEAD' })).ok) continue;
      const begun = await request(`${base}/blobs/uploads/`, { method: 'POST' }, 202);
      const location = new URL(begun.headers.get('location') ?? '', base);
      location.searchParams.set('digest', blob.digest);
      await request(location, { method: 'PUT', body: await readFile(join(folder, file)) }, 201);
    }
    await put(manifest);
    indexes.push(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')));
  }
  const manifests = indexes.flatMap((index) => index.manifests);
  return put(Buffer.from(JSON.stringify({ ...indexes[0], manifests })), tag);
}
