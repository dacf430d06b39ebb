import { ReproError } from '../../errors.ts';
import type { Failure } from './retry.ts';
import { clean } from './text.ts';

/** Codes of our own beside Node's. */
type TransportCode = 'CONNECT_TIMEOUT' | 'IDLE_TIMEOUT' | 'PROXY_REFUSED' | 'PROXY_FAILED';

export function transportError(code: TransportCode, message: string): Error {
  return Object.assign(new Error(message), { code });
}

const refusals: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'its name can not be looked up at the moment',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is down',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};
const cuts = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);
const untrusted = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA$|ERR_TLS_CERT_SIGNATURE)/;
const notTls = /^(EPROTO$|ERR_SSL_|ERR_TLS_)/;

/** `what` names the other side: `the registry 127.0.0.1:5000`. Rethrows what is no transport error. */
export function transportFailure(error: unknown, what: string, host: string): Failure {
  const code = codeOf(error);
  if (code === undefined || error instanceof ReproError) throw error;
  const unreachable = (why: string, cost: number, hint?: string): Failure => ({
    problem: new ReproError(
      { code: 'E_REGISTRY_UNREACHABLE', message: `can't reach ${what}: ${why}`, ...(hint ? { hint } : {}) },
      { cause: error },
    ),
    cost,
  });
  if (code === 'CONNECT_TIMEOUT' || code === 'IDLE_TIMEOUT' || code === 'ETIMEDOUT') {
    const message = `${what} does not answer`;
    const hint = 'check the network and the proxy settings, then run the command again';
    // An attempt that times out is long already: it counts for two.
    return {
      problem: new ReproError({ code: 'E_REGISTRY_TIMEOUT', message, hint }, { cause: error }),
      cost: 2,
    };
  }
  if (code === 'PROXY_REFUSED' || code === 'PROXY_FAILED') {
    const hint = 'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY';
    return unreachable((error as Error).message, code === 'PROXY_FAILED' ? 1 : 0, hint);
  }
  const why = refusals[code];
  if (why !== undefined) return unreachable(why, code === 'EAI_AGAIN' ? 1 : 0, hintFor(code, host));
  if (cuts.has(code)) return unreachable('the connection was cut', 1);
  if (untrusted.test(code)) return unreachable('its certificate is not trusted', 0, trustHint(host));
  if (notTls.test(code)) {
    return unreachable(
      'it does not speak TLS',
      0,
      `set REPRO_INSECURE_REGISTRIES=${host} if it speaks plain HTTP`,
    );
  }
  if (code.startsWith('HPE_')) return unreachable('its answer is not HTTP', 0);
  return unreachable(`error ${clean(code)}`, 0);
}

/** In words, for an error in the middle of another message. */
export function reasonFor(error: unknown): string {
  const code = codeOf(error) ?? '';
  if (/(TIMEOUT|TIMEDOUT)$/.test(code)) return 'no answer';
  return (
    refusals[code] ?? (untrusted.test(code) ? 'its certificate is not trusted' : 'the connection was cut')
  );
}

export function isCut(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (cuts.has(code) || code.startsWith('HPE_'));
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function hintFor(code: string, host: string): string | undefined {
  if (code === 'ECONNREFUSED') return `check that the registry runs and that ${host} is its address`;
  if (code === 'ENOTFOUND') return `check the spelling of ${host}`;
  return undefined;
}

function trustHint(host: string): string {
  return `put the certificate of its CA into ~/.docker/certs.d/${host}/ca.crt, or name the file in SSL_CERT_FILE`;
}

/** RFC 6585 and RFC 9110: those that another attempt may mend. */
export function isTransient(status: number): boolean {
  return status === 429 || status === 500 || status === 502 || status === 503 || status === 504;
}

/** What a proxy says where it can't reach the other side at the moment. */
export function isRetryableProxyStatus(status: number): boolean {
  return status >= 500 && status !== 501;
}

/** The registry's own words (distribution spec, "Error Codes"), or '' where it has none. */
export function readErrors(body: string, secrets: Iterable<string>): string {
  try {
    const { errors } = JSON.parse(body);
    const { code, message } = errors[0];
    return clean(
      [code, message].filter((part) => typeof part === 'string' && part !== '').join(': '),
      secrets,
    );
  } catch {
    return '';
  }
}
