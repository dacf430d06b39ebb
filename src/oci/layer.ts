import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

export type Entry = ReturnType<typeof extract> extends AsyncIterable<infer E> ? E : never;

/** By default sixteen chunks would wait in memory. */
const ONE_BY_ONE = { objectMode: false, highWaterMark: 1 };

/** A layer's files in order. Whoever stops early closes the stream below, too. */
export async function* entriesOf(blob: AsyncIterable<Buffer>): AsyncGenerator<Entry> {
  const tar = extract();
  // What goes wrong comes out of the iteration below.
  pipeline(Readable.from(decompress(blob), ONE_BY_ONE), tar, () => undefined);
  for await (const entry of tar) yield entry;
}

/** By the first bytes, since media types are not always right. */
async function* decompress(blob: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(blob);
  if (head.readUInt16BE(0) === 0x1f8b) yield* gunzip(rest);
  else if (head.readUInt32BE(0) === 0x28b52ffd) yield* unzstd(rest);
  else yield* rest;
}

async function peek(blob: AsyncIterable<Buffer>): Promise<{ head: Buffer; rest: AsyncIterable<Buffer> }> {
  const iterator = blob[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < 4) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  async function* rest() {
    try {
      if (start.length > 0) yield start;
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat([start, Buffer.alloc(4)]), rest: rest() };
}

async function* gunzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  pipeline(Readable.from(bytes, ONE_BY_ONE), stream, () => undefined);
  for await (const chunk of stream) yield chunk;
}

async function* unzstd(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd');
  let parts: Uint8Array[] = [];
  const stream = new Decompress((part) => {
    parts.push(part);
  });
  const drain = () => {
    const done = parts;
    parts = [];
    return done.filter((part) => part.length > 0).map((part) => Buffer.from(part));
  };
  for await (const chunk of bytes) {
    stream.push(chunk);
    yield* drain();
  }
  stream.push(new Uint8Array(0), true);
  yield* drain();
}

/** What tar-stream, zlib and fzstd throw, in the same words whatever their versions. */
export function layerProblem({ message }: Error): string {
  if (/invalid (?:tar )?header|header exceeds/i.test(message)) return 'it is no tar archive';
  return /unexpected (?:end|eof)/i.test(message) ? 'it ends too early' : 'its compression is broken';
}

/** A file's content; undefined where it has more than `limit` bytes. */
export async function contentOf(entry: Entry, limit: number): Promise<Buffer | undefined> {
  if ((entry.header.size ?? 0) > limit) return undefined;
  const parts: Buffer[] = [];
  for await (const part of entry) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** `./etc//os-release/` -> `etc/os-release`. */
export function tarPath(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
