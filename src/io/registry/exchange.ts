import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { ReproError } from '../../errors.ts';
import type { Endpoints } from './endpoint.ts';
import { isCut, isTransient, readErrors, transportFailure } from './failure.ts';
import type { Failure, Retry } from './retry.ts';
import type { Transport } from './transport.ts';
import { withoutLogin } from './tunnel.ts';

interface ExchangeRequest {
  /** Asked for at each attempt: it changes when the host turns out to speak TLS. */
  url: () => URL;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  headers?: OutgoingHttpHeaders;
  /** Goes to the URL's own origin, never on to another one. */
  authorization?: string | undefined;
  body?: string | Buffer | undefined;
  /** Names the other side in messages: `the registry 127.0.0.1:5000`. */
  what: string;
  /** The registry's domain, where this is a registry and not a token server. */
  domain?: string;
  retry: Retry;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  response: IncomingMessage;
  status: number;
  /** Where it comes from in the end. */
  from: string;
  isRedirected: boolean;
}

export type Exchange = (request: ExchangeRequest) => Promise<Answer>;

const maxRedirects = 10;

/** Sends, follows redirects and tries again; answers with what status is not a transient one. */
export function createExchange(transport: Transport, endpoints: Endpoints, secrets: Set<string>): Exchange {
  return async function exchange(request) {
    const { retry, signal } = request;
    for (;;) {
      const answer = await attempt(request);
      if ('problem' in answer) {
        await retry.again(answer, signal);
      } else if (isTransient(answer.status)) {
        const problem = await statusProblem(answer, '', secrets);
        await retry.again({ problem, cost: 1, retryAfter: answer.response.headers['retry-after'] }, signal);
      } else return answer;
    }
  };

  async function attempt(request: ExchangeRequest): Promise<Answer | Failure> {
    const { method, body, signal, domain } = request;
    let url = request.url();
    let from = request.what;
    let authorization = request.authorization;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
      let response: IncomingMessage;
      try {
        response = await transport.send(url, {
          method,
          headers,
          signal,
          ...(body === undefined ? {} : { body }),
        });
      } catch (error) {
        signal?.throwIfAborted();
        if (hop === 0 && domain && (await isTlsAfterAll(url, domain, isCut(error)))) return attempt(request);
        return transportFailure(error, from, url.host);
      }
      const status = response.statusCode ?? 0;
      if (hop === 0 && domain && (await isTlsAfterAll(url, domain, status === 400))) {
        response.destroy();
        return attempt(request);
      }
      const location = [301, 302, 303, 307, 308].includes(status) ? response.headers.location : undefined;
      if (location === undefined) return { response, status, from, isRedirected: hop > 0 };
      await drain(response);
      if (body !== undefined || !URL.canParse(location, url.href)) return badRedirect(from);
      const next = withoutLogin(new URL(location, url));
      if (!isAllowed(next, url)) return badRedirect(from);
      if (next.origin !== url.origin) {
        authorization = undefined;
        from = `${next.host} (to which ${request.what} redirects)`;
      }
      url = next;
    }
    return badRedirect(from);
  }

  async function isTlsAfterAll(url: URL, domain: string, isSuspect: boolean): Promise<boolean> {
    return isSuspect && url.protocol === 'http:' && (await endpoints.switchToTls(domain));
  }

  /** Over plain HTTP, anyone on the way could answer for the registry. */
  function isAllowed(next: URL, previous: URL): boolean {
    if (next.protocol === 'https:') return true;
    return next.protocol === 'http:' && (previous.protocol === 'http:' || endpoints.isInsecure(next));
  }
}

function badRedirect(from: string): Failure {
  const message = `${from} redirects to where repro does not follow`;
  return { problem: new ReproError({ code: 'E_REGISTRY_ERROR', message }), cost: 0 };
}

/** The problem of an unexpected status, with the registry's own words. `for` starts with a space: ` for NAME`. */
export async function statusProblem(
  { response, status, from }: Answer,
  suffix: string,
  secrets: Set<string>,
): Promise<ReproError> {
  const words = readErrors(await readText(response), secrets);
  const message = `${from} answered ${status}${suffix}${words === '' ? '' : ` (${words})`}`;
  const hint =
    status === 429 ? 'it limits requests: try again later, or log in with `docker login`' : undefined;
  return new ReproError({ code: 'E_REGISTRY_ERROR', message, ...(hint ? { hint } : {}) });
}

/** A small text for a message; '' where it can't be had. */
export async function readText(response: IncomingMessage, limit = 64 * 1024): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      size += chunk.length;
      if (size > limit) return '';
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return '';
  }
}

/** Lets the connection be used again, unless that means reading a long body. */
export async function drain(response: IncomingMessage): Promise<void> {
  if (Number(response.headers['content-length'] ?? 0) <= 64 * 1024) await readText(response);
  else response.destroy();
}
