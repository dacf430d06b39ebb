import type { IncomingHttpHeaders } from 'node:http';
import { ReproError } from '../../errors.ts';
import type { ImageReference } from '../../image-ref.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { basicHeader, denied } from './login.ts';
import type { Retry } from './retry.ts';
import type { Access, FetchToken } from './token.ts';

/** Values of the Authorization header, one for a repository and access, kept in memory. */
export interface Auth {
  known(reference: ImageReference, access: Access): Promise<string> | undefined;
  /** Answers a 401. `refused` is what was sent. */
  answer(
    reference: ImageReference,
    access: Access,
    headers: IncomingHttpHeaders,
    refused: string | undefined,
    retry: Retry,
  ): Promise<string>;
}

export function createAuth(
  credentialsOf: (domain: string) => Promise<Credentials | undefined>,
  fetchToken: FetchToken,
  secrets: Set<string>,
): Auth {
  const headersByRepository = new Map<string, Promise<string>>();
  const keyOf = ({ domain, path }: ImageReference, access: Access) => `${domain}/${path} ${access}`;

  return {
    known: (reference, access) => headersByRepository.get(keyOf(reference, access)),
    async answer(reference, access, headers, refused, retry) {
      const key = keyOf(reference, access);
      const current = headersByRepository.get(key);
      // Another request may have got a new one meanwhile.
      if (current !== undefined && (refused === undefined || (await current) !== refused)) return current;
      const next = authorize(reference, access, headers['www-authenticate'] ?? '', retry);
      headersByRepository.set(key, next);
      try {
        return await next;
      } catch (error) {
        headersByRepository.delete(key);
        throw error;
      }
    },
  };

  async function authorize(
    reference: ImageReference,
    access: Access,
    header: string,
    retry: Retry,
  ): Promise<string> {
    const challenges = parseChallenges(header);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    const { domain } = reference;
    if (bearer === undefined && basic === undefined) {
      const schemes = challenges.map(({ scheme }) => `"${scheme}"`).join(' or ') || 'none that can be read';
      throw new ReproError({
        code: 'E_REGISTRY_ERROR',
        message: `the registry ${domain} asks for authentication of a kind that repro does not know: ${schemes}`,
      });
    }
    const credentials = await credentialsOf(domain);
    if (credentials?.kind === 'registry') return bearerHeader(credentials.token, domain, secrets);
    if (bearer !== undefined) {
      return bearerHeader(
        await fetchToken(reference, access, bearer.parameters, credentials, retry),
        domain,
        secrets,
      );
    }
    if (credentials?.kind !== 'basic') throw denied(domain, `the registry ${domain} asks for a login`);
    return basicHeader(credentials, secrets);
  }
}

function bearerHeader(token: string, domain: string, secrets: Set<string>): string {
  secrets.add(token);
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new ReproError({
    code: 'E_REGISTRY_ERROR',
    message: `the token for the registry ${domain} is malformed`,
  });
}
