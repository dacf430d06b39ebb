import type { Agent, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { extraAuthorities, type Machine } from './authorities.ts';
import { transportError } from './failure.ts';
import { proxyFor } from './proxy.ts';
import type { Timing } from './timing.ts';
import { proxyError, proxyHeaders, refusedBy, tunnel, withoutLogin } from './tunnel.ts';

interface Request {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  headers: OutgoingHttpHeaders;
  body?: string | Buffer;
  signal?: AbortSignal | undefined;
}

/** One request over a kept-alive connection: no redirects, no retries. Rejects with Node's errors or `transportError`. */
export interface Transport {
  send(url: URL, request: Request): Promise<IncomingMessage>;
  close(): void;
}

interface Route {
  open: typeof import('node:http').request;
  agent: Agent;
  /** The proxy that gets the whole URL: for plain HTTP. */
  forward?: URL | undefined;
  connectMs: number;
}

export function createTransport(machine: Machine, timing: Timing): Transport {
  const routes = new Map<string, Promise<Route>>();

  function routeTo(url: URL): Promise<Route> {
    const known = routes.get(url.origin);
    if (known !== undefined) return known;
    const route = openRoute(url, machine, timing.connect);
    routes.set(url.origin, route);
    route.catch(() => routes.delete(url.origin));
    return route;
  }

  return {
    async send(url, request) {
      const route = await routeTo(url);
      request.signal?.throwIfAborted();
      return exchange(url, request, route, timing.idle);
    },
    close() {
      for (const route of routes.values()) {
        route.then(
          ({ agent }) => agent.destroy(),
          () => undefined,
        );
      }
    },
  };
}

function exchange(
  url: URL,
  { method, headers, body, signal }: Request,
  { open, agent, forward, connectMs }: Route,
  idleMs: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = forward
      ? open(withoutLogin(forward), {
          method,
          agent,
          path: url.href,
          headers: { ...headers, host: url.host, ...proxyHeaders(forward) },
        })
      : open(url, { method, agent, headers });
    let response: IncomingMessage | undefined;
    let isConnected = false;
    const connected = () => {
      isConnected = true;
      clearTimeout(timer);
    };
    const fail = (error: Error) => {
      clearTimeout(timer);
      // Rejected here, too: a request without a socket yet reports no error when it is destroyed.
      reject(forward && !isConnected ? proxyError(forward, error) : error);
      (response ?? request).destroy(error);
    };
    const timer = setTimeout(() => fail(transportError('CONNECT_TIMEOUT', 'no connection')), connectMs);
    request.once('socket', (socket) => {
      const isHandshaking =
        'secureConnecting' in socket &&
        (socket as TLSSocket & { secureConnecting: boolean }).secureConnecting;
      if (!socket.connecting && !isHandshaking) connected();
      else socket.once(isHandshaking ? 'secureConnect' : 'connect', connected);
    });
    request.setTimeout(idleMs, () => {
      // With bytes still unread, it is we who are slow.
      if (response && response.readableLength > 0) request.setTimeout(idleMs);
      else fail(transportError('IDLE_TIMEOUT', 'no answer'));
    });
    // Node's own `signal` option would also reach the socket, which outlives the request.
    const abort = () => fail(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    request.once('close', () => signal?.removeEventListener('abort', abort));
    request.on('error', fail);
    request.once('response', (answer) => {
      response = answer;
      if (forward && answer.statusCode === 407) fail(refusedBy(forward, 407));
      else resolve(answer);
    });
    request.end(body);
  });
}

async function openRoute(url: URL, machine: Machine, connectMs: number): Promise<Route> {
  const proxy = proxyFor(url, machine.env);
  const forward = url.protocol === 'http:' ? proxy : undefined;
  if ((forward ?? url).protocol === 'http:') {
    const { Agent, request } = await import('node:http');
    return { open: request, agent: new Agent({ keepAlive: true }), forward, connectMs };
  }
  const { Agent, request } = await import('node:https');
  const extra = await extraAuthorities(url, machine);
  const { createSecureContext, rootCertificates } = await import('node:tls');
  const secureContext =
    extra.length > 0 ? createSecureContext({ ca: [...rootCertificates, ...extra] }) : undefined;
  const agent = new Agent({ keepAlive: true, ...(secureContext ? { secureContext } : {}) });
  if (proxy === undefined || forward !== undefined) return { open: request, agent, forward, connectMs };
  await tunnel(agent, proxy, secureContext, connectMs);
  // The proxy's own time limit comes first, so that the message names what is slow.
  return { open: request, agent, connectMs: 2 * connectMs };
}
