import { ReproError } from '../../errors.ts';
import { formatImageReference } from '../../image-ref.ts';
import type { Registry } from '../../ports.ts';
import { createAsk } from './ask.ts';
import { createAuth } from './auth.ts';
import type { Machine } from './authorities.ts';
import { openBlob, toStream } from './blob.ts';
import { type Found, findCredentials } from './credentials.ts';
import { createEndpoints } from './endpoint.ts';
import { createExchange } from './exchange.ts';
import { createManifests, noSuchImage } from './manifests.ts';
import { createRetry } from './retry.ts';
import { defaultTiming, type Timing } from './timing.ts';
import { createFetchToken } from './token.ts';
import { createTransport } from './transport.ts';

export interface RegistryOptions extends Machine {
  userAgent: string;
  /** Hosts, with their port, that the user names for plain HTTP. */
  insecure?: readonly string[];
  /** How far a stream has been read, in bytes. */
  onProgress?: (event: { label: string; done: number; total: number }) => void;
  timing?: Partial<Timing>;
}

/** Over node:http and node:https, with Docker's credentials and the environment's proxies. */
export function createRegistry(options: RegistryOptions): Registry & {
  /** Ends the kept-alive connections. */
  close(): void;
} {
  const timing = { ...defaultTiming, ...options.timing };
  const { userAgent, onProgress } = options;
  /** What must not appear in a message, even where a server echoes it. */
  const secrets = new Set<string>();
  const transport = createTransport(options, timing);
  const endpoints = createEndpoints(options.insecure ?? [], timing.connect);
  const exchange = createExchange(transport, endpoints, secrets);
  const credentials = new Map<string, Promise<Found | undefined>>();
  const credentialsOf = (domain: string) => {
    const found = credentials.get(domain) ?? findCredentials(domain, options, timing.helper);
    credentials.set(domain, found);
    return found;
  };
  const fetchToken = createFetchToken(exchange, endpoints, userAgent, secrets);
  const auth = createAuth(credentialsOf, fetchToken, secrets);
  const ask = createAsk(exchange, auth, endpoints, userAgent, secrets);
  /** Bytes of the streams that are parts of one whole. */
  const sums = new Map<string, number>();
  const manifests = createManifests(ask, timing, secrets);

  return {
    head: manifests.head,
    async manifest(reference) {
      const found = await manifests.get(reference);
      if (found === undefined) throw noSuchImage(reference);
      return { descriptor: found.descriptor, content: found.content };
    },
    async blob(reference, blob, limit) {
      if (blob.size > limit) {
        const message = `${blob.digest} of ${formatImageReference(reference)} has ${blob.size} bytes, more than the ${limit} that it may have`;
        throw new ReproError({ code: 'E_TOO_LARGE', message });
      }
      const parts: Buffer[] = [];
      const chunks = await openBlob(ask, { reference, blob, retry: createRetry(timing) }, secrets);
      for await (const chunk of chunks) parts.push(chunk);
      return Buffer.concat(parts);
    },
    async stream(reference, blob, label, total) {
      const abort = new AbortController();
      const request = { reference, blob, retry: createRetry(timing), signal: abort.signal };
      const chunks = await openBlob(ask, request, secrets);
      let done = 0;
      return toStream(chunks, abort, (bytes) => {
        done += bytes;
        if (total !== undefined) sums.set(label, (sums.get(label) ?? 0) + bytes);
        onProgress?.({ label, done: sums.get(label) ?? done, total: total ?? blob.size });
      });
    },
    async login(domain) {
      return (await credentials.get(domain))?.source;
    },
    tag: manifests.tag,
    close: transport.close,
  };
}
