import type { Agent, ClientRequest } from 'node:http';
import type { Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { isRetryableProxyStatus, reasonFor, transportError } from './failure.ts';

interface Target {
  host: string;
  port: number;
  servername?: string;
}
type Callback = (error: Error | null, socket?: Socket) => void;

/**
 * Makes an agent connect through a proxy with CONNECT (RFC 9110, section 9.3.6). The packages for it pass a proxy's
 * refusal on as if the registry had answered, and wait without end for a proxy that is silent.
 */
export async function tunnel(
  agent: TlsAgent,
  proxy: URL,
  secureContext: SecureContext | undefined,
  connectMs: number,
): Promise<void> {
  const { request: open } =
    proxy.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const { connect: startTls } = await import('node:tls');
  const context = secureContext ? { secureContext } : {};

  function createConnection({ host, port, servername }: Target, callback: Callback): undefined {
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const headers = { host: authority, ...proxyHeaders(proxy) };
    const request: ClientRequest = open(withoutLogin(proxy), {
      method: 'CONNECT',
      path: authority,
      headers,
      agent: false,
      ...context,
    });
    const timer = setTimeout(
      () => request.destroy(transportError('CONNECT_TIMEOUT', 'no answer')),
      connectMs,
    );
    request.once('close', () => clearTimeout(timer));
    request.on('error', (error) => callback(proxyError(proxy, error)));
    request.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      clearTimeout(timer);
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        callback(refusedBy(proxy, statusCode));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      callback(null, startTls({ socket, host, servername: servername ?? '', ...context }));
    });
    request.end();
  }
  Object.assign(agent as Agent, { createConnection });
}

/** Without the credentials in the URL: for messages. */
export function proxyError(proxy: URL, error: Error): Error {
  return transportError('PROXY_FAILED', `the proxy ${proxy.host} can't be reached (${reasonFor(error)})`);
}

export function refusedBy(proxy: URL, status: number): Error {
  const code = isRetryableProxyStatus(status) ? 'PROXY_FAILED' : 'PROXY_REFUSED';
  const why = status === 407 ? 'asks for a login' : 'refused the connection';
  return transportError(code, `the proxy ${proxy.host} ${why} (${status})`);
}

export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const value = Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64');
  return { 'proxy-authorization': `Basic ${value}` };
}

/** Node would make an Authorization header, for the registry, of the login in a URL. */
export function withoutLogin(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
