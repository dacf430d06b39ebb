import { createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ImageReference } from '../../src/image-ref.ts';
import { tools as debianTools } from '../engine/debian.ts';
import { startRegistry } from '../engine/registry.ts';
import { endRun, newRun } from '../engine/runs.ts';
import {
  client,
  type Handler,
  problemOf,
  reply,
  serve,
  sha256,
  temporaryFolder,
  types,
} from '../io/registry/server.ts';

const layer = randomBytes(5_000_000);
const layerOf = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  digest: sha256(layer),
  size: layer.length,
};
const config = Buffer.from('{"os":"linux","architecture":"amd64","config":{"Labels":{"a":"b"}}}');
const configOf = {
  mediaType: 'application/vnd.oci.image.config.v1+json',
  digest: sha256(config),
  size: config.length,
};
const manifest = { mediaType: types.manifest, config: configOf, layers: [layerOf] };
const manifestText = JSON.stringify({ schemaVersion: 2, ...manifest });
const manifestOf = { mediaType: types.manifest, digest: sha256(manifestText), size: manifestText.length };
const platform = { os: 'linux', architecture: 'amd64' };
const index = { mediaType: types.index, manifests: [{ ...manifestOf, platform }] };
const indexText = JSON.stringify({ schemaVersion: 2, ...index });
const indexOf = { mediaType: types.index, digest: sha256(indexText), size: indexText.length };

test.before('the tools of the engine', async () => {
  await debianTools();
});

async function registryWith(
  t: ExecutionContext,
  options: Parameters<typeof startRegistry>[2] = {},
): Promise<string> {
  const { env } = await debianTools();
  const run = await newRun();
  t.teardown(() => endRun(run, env));
  return (await startRegistry(run, env, options)).host;
}

/** Pushes the index as `v1` and the manifest as `single`, over the API itself. */
async function push(host: string, path: string, headers: Record<string, string> = {}): Promise<void> {
  const base = `http://${host}/v2/${path}`;
  const send = async (
    method: string,
    url: URL | string,
    wanted: number,
    body?: string | Buffer,
    type?: string,
  ) => {
    const more = type === undefined ? {} : { 'content-type': type };
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...more },
      ...(body ? { body } : {}),
    });
    if (response.status !== wanted)
      throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  };
  for (const blob of [layer, config]) {
    const begun = await send('POST', `${base}/blobs/uploads/`, 202);
    const location = new URL(begun.headers.get('location') ?? '', base);
    location.searchParams.set('digest', sha256(blob));
    await send('PUT', location, 201, blob, 'application/octet-stream');
  }
  await send('PUT', `${base}/manifests/single`, 201, manifestText, types.manifest);
  await send('PUT', `${base}/manifests/v1`, 201, indexText, types.index);
}

async function homeWith(t: ExecutionContext, auths: object): Promise<string> {
  const home = await temporaryFolder(t);
  await mkdir(join(home, '.docker'));
  await writeFile(join(home, '.docker/config.json'), JSON.stringify({ auths }));
  return home;
}

/** Reads all that was pushed, in each way there is. */
async function readAll(t: ExecutionContext, registry: ReturnType<typeof client>, reference: ImageReference) {
  t.deepEqual(await registry.head(reference), indexOf);
  t.deepEqual(await registry.head({ ...reference, digest: indexOf.digest }), indexOf);
  t.deepEqual(await registry.head({ ...reference, tag: 'single' }), manifestOf);
  t.deepEqual(await registry.manifest(reference), { descriptor: indexOf, content: index });
  const pinned = { ...reference, digest: manifestOf.digest };
  t.deepEqual(await registry.manifest(pinned), { descriptor: manifestOf, content: manifest });
  t.true((await registry.blob(pinned, configOf, 1000)).equals(config));
  t.true(Buffer.concat(await (await registry.stream(pinned, layerOf, 'layer')).toArray()).equals(layer));
  for await (const _ of await registry.stream(pinned, layerOf, 'layer')) break;
  t.is(await registry.head({ ...reference, tag: 'none' }), undefined);
  t.is((await problemOf(registry.manifest({ ...reference, tag: 'none' })))[0], 'E_NO_SUCH_IMAGE');
  const missing = { ...layerOf, digest: sha256('missing') };
  t.is((await problemOf(registry.blob(pinned, missing, 1e9)))[0], 'E_NO_SUCH_BLOB');
}

test('the real registry, without authentication', async (t) => {
  const host = await registryWith(t);
  await push(host, 'team/app');
  const registry = client(t);
  await readAll(t, registry, { domain: host, path: 'team/app', tag: 'v1' });
  t.is(await registry.head({ domain: host, path: 'nobody/knows', tag: 'v1' }), undefined);
  t.deepEqual(registry.waits, []);
});

test('the real registry, with htpasswd', async (t) => {
  const host = await registryWith(t, { htpasswd: { me: 'pass:word' } });
  const auth = Buffer.from('me:pass:word').toString('base64');
  await push(host, 'team/app', { authorization: `Basic ${auth}` });
  const reference = { domain: host, path: 'team/app', tag: 'v1' };
  await readAll(t, client(t, { home: await homeWith(t, { [host]: { auth } }) }), reference);

  const hint = `run \`docker login ${host}\`, and check the image's name`;
  const anonymous = client(t);
  t.deepEqual(await problemOf(anonymous.head(reference)), [
    'E_REGISTRY_DENIED',
    `the registry ${host} asks for a login`,
    hint,
  ]);
  const wrong = client(t, { home: await homeWith(t, { [host]: { username: 'me', password: 'wrong' } }) });
  const said = `the registry ${host} refused access to ${host}/team/app:v1`;
  t.deepEqual(await problemOf(wrong.head(reference)), ['E_REGISTRY_DENIED', `${said} (401)`, hint]);
  const why = 'UNAUTHORIZED: authentication required';
  t.deepEqual(await problemOf(wrong.manifest(reference)), [
    'E_REGISTRY_DENIED',
    `${said} (401: ${why})`,
    hint,
  ]);
});

const issuer = 'test issuer';
const service = 'test service';

/** A token that lets in for these actions (distribution's docs: spec/auth/jwt.md). */
async function tokenFor(access: { type: string; name: string; actions: string[] }[]): Promise<string> {
  const certificate = new X509Certificate(await readFile('test/fixtures/tls/server.crt'));
  const key = createPrivateKey(await readFile('test/fixtures/tls/server.key'));
  const now = Math.floor(Date.now() / 1000);
  const head = { typ: 'JWT', alg: 'ES256', x5c: [certificate.raw.toString('base64')] };
  const times = { iat: now - 10, nbf: now - 10, exp: now + 300 };
  const claims = {
    iss: issuer,
    sub: 'me',
    aud: service,
    jti: randomBytes(8).toString('hex'),
    ...times,
    access,
  };
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

/** Lets `me` read everything, and everybody what is below `public/`. */
const tokenServer: Handler = (request, response) => {
  const isPost = request.method === 'POST';
  const query = isPost
    ? new URLSearchParams(request.body)
    : new URL(request.url ?? '', 'http://host').searchParams;
  const me = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  const { authorization } = request.headers;
  const isMe = isPost ? query.get('refresh_token') === 'refresh me' : authorization === me;
  if (query.get('service') !== service || (!isMe && (isPost || authorization !== undefined))) {
    reply(401)(request, response);
    return;
  }
  const [type = '', name = ''] = query.get('scope')?.split(':') ?? [];
  const actions = isMe || name.startsWith('public/') ? ['pull'] : [];
  tokenFor([{ type, name, actions }]).then(
    (token) =>
      reply(200, {}, JSON.stringify(isPost ? { access_token: token } : { token }))(request, response),
    (error) => response.destroy(error),
  );
};

test('the real registry, with a token server', async (t) => {
  const tokens = await serve(t, tokenServer);
  const realm = `http://${tokens.host}/token`;
  const host = await registryWith(t, {
    token: { realm, service, issuer, rootcertbundle: resolve('test/fixtures/tls/ca.crt') },
  });
  for (const name of ['public/app', 'team/app']) {
    const token = await tokenFor([{ type: 'repository', name, actions: ['pull', 'push'] }]);
    await push(host, name, { authorization: `Bearer ${token}` });
  }
  const open = { domain: host, path: 'public/app', tag: 'v1' };
  const closed = { domain: host, path: 'team/app', tag: 'v1' };
  const anonymous = client(t);
  await readAll(t, anonymous, open);
  t.is(tokens.seen.length, 1);
  t.deepEqual(await problemOf(anonymous.manifest(closed)), [
    'E_REGISTRY_DENIED',
    `the registry ${host} refused access to ${host}/team/app:v1 (401: UNAUTHORIZED: authentication required)`,
    `run \`docker login ${host}\`, and check the image's name`,
  ]);
  for (const entry of [{ username: 'me', password: 'secret' }, { identitytoken: 'refresh me' }]) {
    const registry = client(t, { home: await homeWith(t, { [host]: entry }) });
    await readAll(t, registry, closed);
    await readAll(t, registry, open);
  }
  const wrong = client(t, { home: await homeWith(t, { [host]: { username: 'me', password: 'wrong' } }) });
  const message = `the token server ${tokens.host} of the registry ${host} refused the credentials from Docker (401)`;
  t.is((await problemOf(wrong.head(closed)))[1], message);
});
