import { ReproError } from '../../errors.ts';
import type { ImageReference } from '../../image-ref.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoints } from './endpoint.ts';
import { type Exchange, readText, statusProblem } from './exchange.ts';
import { basicHeader, denied } from './login.ts';
import type { Retry } from './retry.ts';
import { clean } from './text.ts';
import { withoutLogin } from './tunnel.ts';

export type Access = 'pull' | 'pull,push';

/** Gets a bearer token (distribution's docs: spec/auth/token.md, and oauth.md for refresh tokens). */
export type FetchToken = (
  reference: ImageReference,
  access: Access,
  parameters: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
  retry: Retry,
) => Promise<string>;

export function createFetchToken(
  exchange: Exchange,
  endpoints: Endpoints,
  userAgent: string,
  secrets: Set<string>,
): FetchToken {
  return async function fetchToken(reference, access, parameters, credentials, retry) {
    const { domain, path } = reference;
    const realm = readRealm(parameters['realm'], domain, endpoints);
    const what = `the token server ${realm.host} of the registry ${domain}`;
    const query = new URLSearchParams();
    if (parameters['service'] !== undefined) query.append('service', parameters['service']);
    const scope = scopeOf(path, access, parameters['scope']);
    const headers = { 'user-agent': userAgent, accept: 'application/json' };
    if (credentials?.kind === 'identity') {
      query.append('scope', scope);
      query.append('grant_type', 'refresh_token');
      query.append('client_id', 'repro');
      query.append('refresh_token', credentials.token);
      secrets.add(credentials.token).add(encodeURIComponent(credentials.token));
      const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
      return read(
        await exchange({ url: () => realm, method: 'POST', headers: form, body: `${query}`, what, retry }),
      );
    }
    for (const part of scope.split(' ')) query.append('scope', part);
    for (const [name, value] of query) realm.searchParams.append(name, value);
    const authorization = credentials?.kind === 'basic' ? basicHeader(credentials, secrets) : undefined;
    return read(await exchange({ url: () => realm, method: 'GET', headers, authorization, what, retry }));

    async function read(answer: Awaited<ReturnType<Exchange>>): Promise<string> {
      if (answer.status === 401 || answer.status === 403) {
        answer.response.destroy();
        const whose = credentials === undefined ? 'an anonymous user' : 'the credentials from Docker';
        throw denied(domain, `${what} refused ${whose} (${answer.status})`);
      }
      if (answer.status !== 200) throw await statusProblem(answer, '', secrets);
      const token = findToken(await readText(answer.response, 1024 * 1024));
      if (token !== undefined) return token;
      throw new ReproError({ code: 'E_REGISTRY_ERROR', message: `${what} gave no token` });
    }
  };
}

/** The scope that the registry names, but for those that name pulling whatever is asked of them. */
function scopeOf(path: string, access: Access, named: string | undefined): string {
  const mayPush = (scope: string) => /[:,](?:push|\*)(?:,|$)/.test(scope.slice(scope.lastIndexOf(':')));
  const isEnough = named !== undefined && (access === 'pull' || named.split(' ').some(mayPush));
  return isEnough ? named : `repository:${path}:${access}`;
}

/** Throws where credentials would go over the network in the clear. */
function readRealm(text: string | undefined, domain: string, endpoints: Endpoints): URL {
  const where = `the registry ${domain} sends logins to ${text === undefined ? 'nowhere' : clean(text)}`;
  if (text === undefined || !URL.canParse(text)) {
    throw new ReproError({ code: 'E_REGISTRY_ERROR', message: `${where}, which is no URL` });
  }
  const realm = withoutLogin(new URL(text));
  if (realm.protocol === 'https:' || (realm.protocol === 'http:' && endpoints.isInsecure(realm)))
    return realm;
  throw new ReproError({
    code: 'E_REGISTRY_ERROR',
    message: `${where}, which is not encrypted`,
    hint: `add ${realm.host} to REPRO_INSECURE_REGISTRIES if you trust the network`,
  });
}

function findToken(body: string): string | undefined {
  try {
    const { token, access_token: accessToken } = JSON.parse(body);
    return [token, accessToken].find((value) => typeof value === 'string' && value !== '');
  } catch {
    return undefined;
  }
}
