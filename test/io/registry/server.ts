import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { ReproError } from '../../../src/errors.ts';
import type { ImageReference } from '../../../src/image-ref.ts';
import { createRegistry, type RegistryOptions } from '../../../src/io/registry/client.ts';
import type { Digest } from '../../../src/model.ts';

export type Handler = (request: IncomingMessage & { body: string }, response: ServerResponse) => void;

interface Seen {
  line: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface TestServer {
  /** `127.0.0.1:PORT` */
  host: string;
  seen: Seen[];
  server: Server;
}

/** A server on loopback. With a list of handlers, each answers one request; one more request is an error of the test's. */
export async function serve(
  t: ExecutionContext,
  script: Handler | Handler[],
  tls = false,
): Promise<TestServer> {
  const seen: Seen[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const handler = Array.isArray(script) ? script[seen.length] : script;
    seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    if (handler) handler(Object.assign(request, { body }), response);
    else response.writeHead(418).end();
  };
  const run = (request: IncomingMessage, response: ServerResponse) => {
    listener(request, response).catch((error) => response.destroy(error));
  };
  const folder = 'test/fixtures/tls';
  const server = tls
    ? createTlsServer(
        { cert: await readFile(`${folder}/server.crt`), key: await readFile(`${folder}/server.key`) },
        run,
      )
    : createServer(run);
  return { ...(await listen(t, server)), seen, server };
}

export async function listen(t: ExecutionContext, server: Server): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, port };
}

export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'repro-registry-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A client that never waits; `waits` has the pauses that it would have made, in milliseconds. */
export function client(t: ExecutionContext, options: Partial<RegistryOptions> = {}) {
  const waits: number[] = [];
  const timing = {
    now: () => Date.UTC(2030, 0, 1),
    wait: async (ms: number, signal?: AbortSignal) => {
      waits.push(ms);
      signal?.throwIfAborted();
    },
    ...options.timing,
  };
  const machine = { env: {}, platform: 'linux', home: '/nonexistent', userAgent: 'repro/test' } as const;
  const registry = createRegistry({ ...machine, ...options, timing });
  t.teardown(() => registry.close());
  return { ...registry, waits };
}

export function ref(domain: string, tag = 'v1'): ImageReference {
  return { domain, path: 'team/app', tag };
}

export function sha256(bytes: Buffer | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function reply(
  status: number,
  headers: Record<string, string | number> = {},
  body: string | Buffer = '',
): Handler {
  return (_, response) => {
    const length =
      response.req.method === 'HEAD' && body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, { ...length, ...headers }).end(body);
  };
}

export const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  list: 'application/vnd.docker.distribution.manifest.list.v2+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  schema2: 'application/vnd.docker.distribution.manifest.v2+json',
  schema1: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
};

export const config = {
  mediaType: 'application/vnd.oci.image.config.v1+json',
  digest: sha256('{}'),
  size: 2,
};
export const content = { mediaType: types.manifest, config, layers: [] };
export const manifest = JSON.stringify({ schemaVersion: 2, ...content });
export const digest = sha256(manifest);
export const descriptor = { mediaType: types.manifest, digest, size: manifest.length };
export const manifestHeaders = { 'content-type': types.manifest, 'docker-content-digest': digest };
export const serveManifest = reply(200, manifestHeaders, manifest);

/** What the user would read: code, message and hint of the first problem. */
export async function problemOf(promise: Promise<unknown>): Promise<[string, string, string | undefined]> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof ReproError)) throw error;
    const [{ code, message, hint }] = error.problems;
    return [code, message, hint];
  }
  throw new Error('nothing was thrown');
}
