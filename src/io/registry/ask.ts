import type { OutgoingHttpHeaders } from 'node:http';
import { formatImageReference, type ImageReference } from '../../image-ref.ts';
import type { Auth } from './auth.ts';
import type { Endpoints } from './endpoint.ts';
import { type Answer, drain, type Exchange, readText } from './exchange.ts';
import { readErrors } from './failure.ts';
import { denied } from './login.ts';
import type { Retry } from './retry.ts';

interface Question {
  reference: ImageReference;
  /** Below the repository: `manifests/latest`. */
  path: string;
  /** PUT needs the right to push. */
  method: 'GET' | 'HEAD' | 'PUT';
  headers?: OutgoingHttpHeaders;
  body?: Buffer;
  retry: Retry;
  signal?: AbortSignal | undefined;
}

/** Asks a registry, and answers its demand for authentication. Throws E_REGISTRY_DENIED on 401 and 403. */
export type Ask = (question: Question) => Promise<Answer>;

export function createAsk(
  exchange: Exchange,
  auth: Auth,
  endpoints: Endpoints,
  userAgent: string,
  secrets: Set<string>,
): Ask {
  return async function ask({ reference, path, method, headers, body, retry, signal }) {
    const { domain } = reference;
    const url = () => new URL(`/v2/${reference.path}/${path}`, endpoints.base(domain));
    const what = `the registry ${domain}`;
    const send = (authorization: string | undefined) =>
      exchange({
        url,
        method,
        // Node takes no content coding off, and digests are of the plain bytes.
        headers: { 'user-agent': userAgent, 'accept-encoding': 'identity', ...headers },
        authorization,
        what,
        domain,
        body,
        retry,
        signal,
      });
    const access = method === 'PUT' ? 'pull,push' : 'pull';
    const known = await auth.known(reference, access);
    let answer = await send(known);
    const { response } = answer;
    if (answer.status === 401 && !answer.isRedirected && response.headers['www-authenticate'] !== undefined) {
      await drain(response);
      answer = await send(await auth.answer(reference, access, response.headers, known, retry));
    }
    const { status, from, isRedirected } = answer;
    if (isRedirected || (status !== 401 && status !== 403)) return answer;
    const words = readErrors(await readText(answer.response), secrets);
    const reason = words === '' ? '' : `: ${words}`;
    throw denied(domain, `${from} refused access to ${formatImageReference(reference)} (${status}${reason})`);
  };
}
