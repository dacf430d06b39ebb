import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReproError } from '../../errors.ts';
import type { Machine } from './authorities.ts';
import { askHelper } from './helper.ts';

export type Credentials =
  | { kind: 'basic'; username: string; password: string }
  /** A refresh token, to be exchanged at the token server. */
  | { kind: 'identity'; token: string }
  /** A bearer token for the registry itself. */
  | { kind: 'registry'; token: string };

type Json = Record<string, unknown>;

/** Where they were found, for people. */
export type Found = Credentials & { source: string };

/** The user's credentials for a registry from Docker's configuration; undefined: anonymous. Throws E_DOCKER_CONFIG, E_CREDENTIAL_HELPER. */
export async function findCredentials(
  domain: string,
  machine: Machine,
  helperMs: number,
): Promise<Found | undefined> {
  const path = join(machine.env['DOCKER_CONFIG'] || join(machine.home, '.docker'), 'config.json');
  const config = await readConfig(path);
  // Docker Hub's key is an address of the past (github.com/docker/cli, cli/config).
  const [key, host] =
    domain === 'docker.io' ? ['https://index.docker.io/v1/', 'index.docker.io'] : [domain, domain];
  const helper = own(object(config, 'credHelpers', path), key) ?? own(config, 'credsStore') ?? '';
  if (typeof helper !== 'string') throw broken(path, `the credential helper of ${domain} is not a string`);
  if (helper !== '') {
    const answer = await askHelper(helper, key, machine.env, helperMs);
    if (answer === undefined) return undefined;
    const { username, secret } = answer;
    const source = `docker-credential-${helper}`;
    return username === '<token>'
      ? { kind: 'identity', token: secret, source }
      : { kind: 'basic', username, password: secret, source };
  }
  const auths = object(config, 'auths', path);
  const match =
    own(auths, key) === undefined ? Object.keys(auths).find((name) => hostOf(name) === host) : key;
  if (match === undefined) return undefined;
  const credentials = readEntry(object(auths, match, path), () =>
    broken(path, `auths[${JSON.stringify(match)}] is malformed`),
  );
  return credentials && { ...credentials, source: `auths in ${path}` };
}

async function readConfig(path: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw broken(path, code === 'EACCES' ? 'permission denied' : 'it can not be read');
  }
  let config: unknown;
  try {
    config = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the text, which may be a password: it is no cause either.
    throw broken(path, 'it is not valid JSON');
  }
  if (!isObject(config)) throw broken(path, 'it is not a JSON object');
  return config;
}

function readEntry(entry: Json, malformed: () => ReproError): Credentials | undefined {
  const text = (name: string) => {
    const value = own(entry, name) ?? '';
    if (typeof value !== 'string') throw malformed();
    return value;
  };
  const [identity, registry, auth] = [text('identitytoken'), text('registrytoken'), text('auth')];
  if (identity !== '') return { kind: 'identity', token: identity };
  if (registry !== '') return { kind: 'registry', token: registry };
  if (auth === '') {
    const [username, password] = [text('username'), text('password')];
    return username === '' ? undefined : { kind: 'basic', username, password };
  }
  const decoded = /^[A-Za-z0-9+/]+={0,2}$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = decoded.indexOf(':');
  if (colon < 1) throw malformed();
  return {
    kind: 'basic',
    username: decoded.slice(0, colon),
    // Docker once wrote them NUL-terminated, and strips that.
    password: decoded.slice(colon + 1).replace(/\0+$/, ''),
  };
}

/** As Docker compares the keys of `auths`: without the scheme and without what follows the host. */
function hostOf(key: string): string | undefined {
  return key.replace(/^https?:\/\//, '').split('/', 1)[0];
}

function object(parent: Json, name: string, path: string): Json {
  const value = own(parent, name) ?? {};
  if (!isObject(value)) throw broken(path, `${JSON.stringify(name)} is not an object`);
  return value;
}

function own(parent: Json, name: string): unknown {
  return Object.hasOwn(parent, name) ? (parent[name] ?? undefined) : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function broken(path: string, why: string): ReproError {
  return new ReproError({
    code: 'E_DOCKER_CONFIG',
    message: `can't use Docker's configuration ${path}: ${why}`,
    hint: 'correct the file, or log in again with `docker login`',
  });
}
