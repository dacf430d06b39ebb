import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { isDigest } from '../../image-ref.ts';
import type { Descriptor, Rebuilt } from '../../ports.ts';
import { readManifest } from '../registry/manifest.ts';

const MANIFEST_LIMIT = 16 * 1024 * 1024;

interface Place {
  offset: number;
  size: number;
}

/** An image in an archive of an OCI layout (image-spec, image-layout.md); undefined where the archive is none. */
export async function openLayout(path: string): Promise<Omit<Rebuilt, 'remove'> | undefined> {
  const places = await placesIn(path);
  const part = ({ offset, size }: Place) => createReadStream(path, { start: offset, end: offset + size - 1 });
  const find = (name: string): Readable => {
    const place = places.get(name);
    if (place === undefined) throw new Error(`no ${name} in ${path}`);
    return place.size === 0 ? Readable.from([]) : part(place);
  };
  const open = ({ digest }: Pick<Descriptor, 'digest'>) => find(`blobs/${digest.replace(':', '/')}`);
  if (!places.has('index.json')) return undefined;
  const { manifests } = JSON.parse((await bytesOf(find('index.json'), MANIFEST_LIMIT)).toString('utf8'));
  const digest: unknown = manifests?.[0]?.digest;
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  return {
    digest,
    image: {
      async manifest(reference) {
        const wanted = reference.digest ?? digest;
        const body = await bytesOf(open({ digest: wanted }), MANIFEST_LIMIT);
        const content = readManifest(body.toString('utf8'), undefined, wanted);
        return { descriptor: { mediaType: content.mediaType, digest: wanted, size: body.length }, content };
      },
      blob: (_, descriptor, limit) => bytesOf(open(descriptor), limit),
      stream: async (_, descriptor) => open(descriptor),
    },
  };
}

/** Where the archive's files are in it. */
async function placesIn(path: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  const tar = extract();
  createReadStream(path)
    .on('error', (error) => tar.destroy(error))
    .pipe(tar);
  for await (const entry of tar) {
    const { name, size = 0, byteOffset } = entry.header as typeof entry.header & { byteOffset: number };
    places.set(name, { offset: byteOffset, size });
    entry.resume();
  }
  return places;
}

async function bytesOf(stream: Readable, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    parts.push(part);
    size += part.length;
    if (size > limit) throw new Error(`more than ${limit} bytes`);
  }
  return Buffer.concat(parts);
}
