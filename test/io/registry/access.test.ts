import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseChallenges } from '../../../src/io/registry/challenge.ts';
import { proxyFor } from '../../../src/io/registry/proxy.ts';
import {
  client,
  descriptor,
  type Handler,
  listen,
  manifest,
  manifestHeaders,
  problemOf,
  ref,
  reply,
  serve,
  serveManifest,
  temporaryFolder,
} from './server.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const basic = base64('me:s3cret:1');
const serveHead = reply(200, { ...manifestHeaders, 'content-length': manifest.length });

/** A home folder with this config.json. */
async function homeWith(t: ExecutionContext, config: unknown): Promise<string> {
  const home = await temporaryFolder(t);
  await mkdir(join(home, '.docker'));
  await writeFile(
    join(home, '.docker/config.json'),
    typeof config === 'string' ? config : JSON.stringify(config),
  );
  return home;
}

/** Lets in whoever sends this Authorization header; asks the others for it. */
const guarded =
  (
    authorization: string | (() => string),
    challenge: string | (() => string),
    inside: Handler = serveManifest,
  ): Handler =>
  (request, response) => {
    const value = (text: string | (() => string)) => (typeof text === 'string' ? text : text());
    if (request.headers.authorization === value(authorization)) inside(request, response);
    else reply(401, { 'www-authenticate': value(challenge) }, '{}')(request, response);
  };

test('WWW-Authenticate', (t) => {
  const cases: [string, unknown][] = [
    ['Basic realm="a, \\"b\\" c"', [{ scheme: 'basic', parameters: { realm: 'a, "b" c' } }]],
    [
      'Bearer realm="https://a/t?x=1,2",service=s , scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://a/t?x=1,2', service: 's', scope: 'repository:a/b:pull,push' },
        },
      ],
    ],
    [
      'Negotiate, BEARER Realm = "r", basic realm=x',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'bearer', parameters: { realm: 'r' } },
        { scheme: 'basic', parameters: { realm: 'x' } },
      ],
    ],
    ['realm="lost"', []],
    ['Bearer realm="first",realm="second"', [{ scheme: 'bearer', parameters: { realm: 'first' } }]],
    [
      'Bearer realm="open',
      [
        { scheme: 'bearer', parameters: {} },
        { scheme: 'open', parameters: {} },
      ],
    ],
    ['Bearer __proto__=x', [{ scheme: 'bearer', parameters: { ['__proto__']: 'x' } }]],
    ['', []],
    [',,"', []],
  ];
  const plain = (header: string) =>
    parseChallenges(header).map((one) => ({ ...one, parameters: { ...one.parameters } }));
  for (const [header, expected] of cases) t.deepEqual(plain(header), expected as never, header);
});

test('basic authentication, once for a repository', async (t) => {
  const { host, seen } = await serve(t, (request, response) =>
    guarded(
      `Basic ${basic}`,
      'Basic realm="r"',
      request.method === 'HEAD' ? serveHead : serveManifest,
    )(request, response),
  );
  const home = await homeWith(t, { auths: { [host]: { auth: basic } } });
  const registry = client(t, { home });
  t.is(await registry.login(host), undefined);
  t.deepEqual(await registry.head(ref(host)), descriptor);
  t.is(await registry.login(host), `auths in ${join(home, '.docker/config.json')}`);
  await registry.manifest(ref(host));
  const sent = seen.map(({ line, headers }) => [line.split(' ')[0], headers.authorization]);
  t.deepEqual(sent, [
    ['HEAD', undefined],
    ['HEAD', `Basic ${basic}`],
    ['GET', `Basic ${basic}`],
  ]);
});

test('credentials in config.json', async (t) => {
  let expected = '';
  const { host } = await serve(
    t,
    guarded(() => expected, 'Basic realm="r"'),
  );
  const port = host.split(':')[1];
  const good: [object, string][] = [
    [{ auths: { [`http://${host}/v1/`]: { auth: basic } } }, 'me:s3cret:1'],
    [{ auths: { [`https://${host}`]: { username: 'me', password: 'pw' } } }, 'me:pw'],
    [
      {
        auths: { [host]: { auth: base64('me:pw\0\0') }, [`https://${host}/`]: { auth: base64('other:pw') } },
      },
      'me:pw',
    ],
    [{ auths: { [host]: { auth: base64('ü:ß') } }, credsStore: '' }, 'ü:ß'],
    [{ auths: { [host]: { auth: base64('me:') } }, credHelpers: { [host]: '' }, credsStore: 'none' }, 'me:'],
  ];
  for (const [config, user] of good) {
    expected = `Basic ${base64(user)}`;
    const home = await homeWith(t, config);
    t.deepEqual((await client(t, { home }).manifest(ref(host))).descriptor, descriptor);
    const env = { DOCKER_CONFIG: join(home, '.docker') };
    t.deepEqual((await client(t, { env }).manifest(ref(host))).descriptor, descriptor);
  }
  // Registry tokens are for the registry itself.
  expected = 'Bearer abc';
  const tokenHome = await homeWith(t, { auths: { [host]: { registrytoken: 'abc' } } });
  const bearer = await serve(t, guarded('Bearer abc', 'Bearer realm="http://token.example/"'));
  const sameHost = await homeWith(t, { auths: { [bearer.host]: { registrytoken: 'abc' } } });
  t.deepEqual((await client(t, { home: tokenHome }).manifest(ref(host))).descriptor, descriptor);
  t.deepEqual((await client(t, { home: sameHost }).manifest(ref(bearer.host))).descriptor, descriptor);

  const anonymous = [
    {},
    { auths: { '127.0.0.1': { auth: basic }, [`x${host}`]: { auth: basic }, [`${host}x`]: { auth: basic } } },
    { auths: { [`127.0.0.1:${port}.example`]: { auth: basic }, [`example/${host}`]: { auth: basic } } },
    { auths: { [host]: {} } },
  ];
  for (const config of anonymous) {
    const home = await homeWith(t, config);
    t.deepEqual(await problemOf(client(t, { home }).manifest(ref(host))), [
      'E_REGISTRY_DENIED',
      `the registry ${host} asks for a login`,
      `run \`docker login ${host}\`, and check the image's name`,
    ]);
  }
  const broken: [unknown, string][] = [
    ['{"auths": {"a": "s3cret', 'it is not valid JSON'],
    ['[]', 'it is not a JSON object'],
    [{ auths: [] }, '"auths" is not an object'],
    [{ auths: { [host]: 's3cret' } }, `"${host}" is not an object`],
    [{ auths: { [host]: { auth: 's3cret!' } } }, `auths["${host}"] is malformed`],
    [{ auths: { [host]: { auth: base64('s3cret') } } }, `auths["${host}"] is malformed`],
    [{ auths: { [host]: { username: 5 } } }, `auths["${host}"] is malformed`],
    [{ credHelpers: { [host]: 5 } }, `the credential helper of ${host} is not a string`],
  ];
  for (const [config, why] of broken) {
    const home = await homeWith(t, config);
    const path = join(home, '.docker/config.json');
    t.deepEqual(await problemOf(client(t, { home }).manifest(ref(host))), [
      'E_DOCKER_CONFIG',
      `can't use Docker's configuration ${path}: ${why}`,
      'correct the file, or log in again with `docker login`',
    ]);
  }
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'config.json'));
  t.regex(
    (await problemOf(client(t, { env: { DOCKER_CONFIG: folder } }).manifest(ref(host))))[1],
    /: it can not be read$/,
  );
  // Where nobody asks, nobody reads.
  const open = await serve(t, serveManifest);
  t.deepEqual(
    (await client(t, { env: { DOCKER_CONFIG: folder } }).manifest(ref(open.host))).descriptor,
    descriptor,
  );
});

test('credential helpers', async (t) => {
  let expected = `Basic ${basic}`;
  const { host } = await serve(
    t,
    guarded(() => expected, 'Basic realm="r"'),
  );
  const bin = await temporaryFolder(t);
  async function helper(name: string, body: string) {
    const script = `#!${process.execPath}\nlet server = require('fs').readFileSync(0, 'utf8');\n${body}\n`;
    await writeFile(join(bin, `docker-credential-${name}`), script);
    await chmod(join(bin, `docker-credential-${name}`), 0o755);
  }
  const ask = async (config: object, timing = {}) => {
    const home = await homeWith(t, config);
    const registry = client(t, { home, env: { PATH: bin }, timing });
    return problemOf(
      registry.manifest(ref(host)).then(async (found) => {
        t.deepEqual(found.descriptor, descriptor);
        t.is(await registry.login(host), 'docker-credential-good');
        throw new Done();
      }),
    );
  };
  class Done extends Error {}
  await helper(
    'good',
    `
    if (process.argv[2] !== 'get' || server !== '${host}\\n') process.exit(1);
    console.log(JSON.stringify({ ServerURL: server, Username: 'me', Secret: 's3cret:1' }));`,
  );
  await t.throwsAsync(ask({ credsStore: 'good' }), { instanceOf: Done });
  await t.throwsAsync(ask({ credsStore: 'bad', credHelpers: { [host]: 'good' } }), { instanceOf: Done });
  await t.throwsAsync(ask({ credsStore: 'good', auths: { [host]: {} } }), { instanceOf: Done });
  await helper('nothing', "console.log('credentials not found in native keychain'); process.exit(1)");
  t.is((await ask({ credsStore: 'nothing' }))[0], 'E_REGISTRY_DENIED');
  await helper('empty', 'console.log(\'{"Username":"","Secret":""}\')');
  t.is((await ask({ credsStore: 'empty' }))[0], 'E_REGISTRY_DENIED');

  await helper('locked', "console.log('the key chain is\\u001b[1m locked'); process.exit(1)");
  await helper('leaky', 'console.log(\'{"Secret":"s3cret"}\'); process.exit(3)');
  await helper('garbage', "console.log('s3cret')");
  await helper('silent', 'setInterval(() => {}, 1000)');
  await helper('verbose', "process.stdout.write('s3cret'.repeat(1e6))");
  const usual = "check credsStore and credHelpers in Docker's config.json, and try `docker login`";
  const cases: [string, string, string?][] = [
    ['locked', 'the key chain is [1m locked'],
    ['leaky', 'it failed (3)'],
    ['garbage', 'its answer is malformed'],
    ['verbose', 'it failed (too much output)'],
    [
      'missing',
      'no such program',
      "install docker-credential-missing, or remove it from Docker's config.json",
    ],
    ['../good', 'its name is not valid'],
  ];
  for (const [name, why, hint = usual] of cases) {
    const message = `the credential helper docker-credential-${name} gave nothing for ${host}: ${why}`;
    t.deepEqual(await ask({ credHelpers: { [host]: name } }), ['E_CREDENTIAL_HELPER', message, hint], name);
  }
  t.regex(
    (await ask({ credsStore: 'silent' }, { helper: 50 }))[1],
    /docker-credential-silent .*: it did not answer in time$/,
  );
  expected = 'never';
  const denied = await ask({ credsStore: 'good' });
  t.is(denied[1], `the registry ${host} refused access to ${host}/team/app:v1 (401)`);
});

test('bearer tokens: anonymous, with a password, with a refresh token, renewed', async (t) => {
  let token = 'one';
  const tokens = await serve(t, (request, response) =>
    reply(200, {}, JSON.stringify({ token, path: request.url }))(request, response),
  );
  const challenge = `Bearer realm="http://${tokens.host}/token?a=b",service="reg & co",scope="repository:team/app:pull"`;
  const { host, seen } = await serve(
    t,
    guarded(() => `Bearer ${token}`, challenge),
  );
  const query = 'a=b&service=reg+%26+co&scope=repository%3Ateam%2Fapp%3Apull';

  const anonymous = client(t);
  await Promise.all([anonymous.manifest(ref(host)), anonymous.manifest(ref(host, 'v2'))]);
  await anonymous.manifest(ref(host));
  t.deepEqual(
    tokens.seen.map(({ line, headers }) => [line, headers.authorization]),
    [[`GET /token?${query}`, undefined]],
  );
  token = 'two';
  await anonymous.manifest(ref(host));
  t.is(tokens.seen.length, 2);
  t.is(seen.length, 7);

  await client(t, { home: await homeWith(t, { auths: { [host]: { auth: basic } } }) }).manifest(ref(host));
  t.is(tokens.seen[2]?.headers.authorization, `Basic ${basic}`);

  await client(t, { home: await homeWith(t, { auths: { [host]: { identitytoken: 'r/t' } } }) }).manifest(
    ref(host),
  );
  const form =
    'service=reg+%26+co&scope=repository%3Ateam%2Fapp%3Apull&grant_type=refresh_token&client_id=repro&refresh_token=r%2Ft';
  t.deepEqual([tokens.seen[3]?.line, tokens.seen[3]?.body], ['POST /token?a=b', form]);
  t.is(tokens.seen[3]?.headers.authorization, undefined);
  t.is(tokens.seen[3]?.headers['content-type'], 'application/x-www-form-urlencoded');

  const access = await serve(t, reply(200, {}, '{"access_token":"two"}'));
  const other = await serve(t, guarded('Bearer two', `Negotiate, Bearer realm="http://${access.host}/t"`));
  await client(t).manifest(ref(other.host));
  t.is(access.seen[0]?.line, 'GET /t?scope=repository%3Ateam%2Fapp%3Apull');
});

test('a tag is pushed as the bytes that the registry has, with a right to push', async (t) => {
  const tokens = await serve(t, (request, response) => {
    const mayPush = new URL(request.url ?? '', 'http://a').searchParams.get('scope')?.endsWith(':pull,push');
    reply(200, {}, `{"token":"${mayPush ? 'push' : 'pull'}"}`)(request, response);
  });
  // As registries do that name the scope for pulling whatever is asked of them; then as the others do.
  for (const scope of ['team/app:pull', 'team/push:pull', 'team/app:pull,push']) {
    const stored: string[] = [];
    const { host, seen } = await serve(t, (request, response) => {
      const isPut = request.method === 'PUT';
      const challenge = `Bearer realm="http://${tokens.host}/t",scope="repository:${isPut ? scope : 'team/app:pull'}"`;
      guarded(`Bearer ${isPut ? 'push' : 'pull'}`, challenge, (request, response) => {
        if (!isPut) return serveManifest(request, response);
        stored.push(`${request.url} ${request.headers['content-type']} ${request.body}`);
        reply(201, { 'docker-content-digest': descriptor.digest })(request, response);
      })(request, response);
    });
    const registry = client(t);
    const { domain, path } = ref(host);
    await registry.tag({ domain, path, digest: descriptor.digest }, 'kept');
    await registry.tag({ domain, path, digest: descriptor.digest }, 'again');
    t.deepEqual(
      stored,
      ['kept', 'again'].map((tag) => `/v2/team/app/manifests/${tag} ${descriptor.mediaType} ${manifest}`),
    );
    t.is(seen.length, 6, 'each right is asked for once');
  }

  const refused = await serve(t, (request, response) =>
    request.method === 'PUT' ? reply(403)(request, response) : serveManifest(request, response),
  );
  const { domain, path } = ref(refused.host);
  t.deepEqual(await problemOf(client(t).tag({ domain, path, digest: descriptor.digest }, 'kept')), [
    'E_REGISTRY_DENIED',
    `the registry ${domain} refused access to ${domain}/team/app@${descriptor.digest} (403)`,
    `run \`docker login ${domain}\`, and check the image's name`,
  ]);
});

test('token servers that do not help', async (t) => {
  const about = (host: string, server: string) => `the token server ${server} of the registry ${host}`;
  const cases: [Handler, number, string, (who: string) => string][] = [
    [
      reply(401, {}, '{"details":"me:s3cret:1"}'),
      1,
      'E_REGISTRY_DENIED',
      (who) => `${who} refused the credentials from Docker (401)`,
    ],
    [reply(403), 1, 'E_REGISTRY_DENIED', (who) => `${who} refused the credentials from Docker (403)`],
    [reply(404), 1, 'E_REGISTRY_ERROR', (who) => `${who} answered 404`],
    [reply(503), 5, 'E_REGISTRY_ERROR', (who) => `${who} answered 503`],
    [reply(200, {}, '<html>'), 1, 'E_REGISTRY_ERROR', (who) => `${who} gave no token`],
    [reply(200, {}, '{"token":""}'), 1, 'E_REGISTRY_ERROR', (who) => `${who} gave no token`],
    [
      reply(400, {}, JSON.stringify({ errors: [{ message: `bad Basic ${basic} or s3cret:1` }] })),
      1,
      'E_REGISTRY_ERROR',
      (who) => `${who} answered 400 (bad Basic *** or ***)`,
    ],
    [
      (_, response) => response.destroy(),
      5,
      'E_REGISTRY_UNREACHABLE',
      (who) => `can't reach ${who}: the connection was cut`,
    ],
  ];
  for (const [handler, requests, code, message] of cases) {
    const server = await serve(t, handler);
    const { host } = await serve(t, guarded('never', `Bearer realm="http://${server.host}/t"`));
    const home = await homeWith(t, { auths: { [host]: { auth: basic } } });
    const problem = await problemOf(client(t, { home }).manifest(ref(host)));
    t.deepEqual(problem.slice(0, 2), [code, message(about(host, server.host))]);
    t.is(server.seen.length, requests);
  }
  const moving = await serve(t, reply(307, { location: '/elsewhere' }));
  const start = await serve(t, guarded('never', `Bearer realm="http://${moving.host}/t"`));
  const home = await homeWith(t, { auths: { [start.host]: { identitytoken: 's3cret' } } });
  t.deepEqual(await problemOf(client(t, { home }).manifest(ref(start.host))), [
    'E_REGISTRY_ERROR',
    `the token server ${moving.host} of the registry ${start.host} redirects to where repro does not follow`,
    undefined,
  ]);
  const control = await serve(t, reply(200, {}, JSON.stringify({ token: 'a\r\nx: y' })));
  const { host } = await serve(t, guarded('never', `Bearer realm="http://${control.host}/t"`));
  t.is(
    (await problemOf(client(t).manifest(ref(host))))[1],
    `the token for the registry ${host} is malformed`,
  );
});

test('where credentials are not sent', async (t) => {
  const cases: [string, string, string?][] = [
    [
      'Bearer realm="http://token.example/t"',
      'sends logins to http://token.example/t, which is not encrypted',
      'add token.example to REPRO_INSECURE_REGISTRIES if you trust the network',
    ],
    [
      'Bearer realm="http://127.0.0.1.example/t"',
      'sends logins to http://127.0.0.1.example/t, which is not encrypted',
      'add 127.0.0.1.example to REPRO_INSECURE_REGISTRIES if you trust the network',
    ],
    [
      'Bearer realm="ftp://127.0.0.1/t"',
      'sends logins to ftp://127.0.0.1/t, which is not encrypted',
      'add 127.0.0.1 to REPRO_INSECURE_REGISTRIES if you trust the network',
    ],
    ['Bearer realm="/token"', 'sends logins to /token, which is no URL'],
    ['Bearer service="x"', 'sends logins to nowhere, which is no URL'],
    [
      'Negotiate, Digest realm="x"',
      'asks for authentication of a kind that repro does not know: "negotiate" or "digest"',
    ],
    ['"', 'asks for authentication of a kind that repro does not know: none that can be read'],
  ];
  for (const [challenge, message, hint] of cases) {
    const { host, seen } = await serve(t, guarded('never', challenge));
    const home = await homeWith(t, { auths: { [host]: { auth: basic } } });
    const said = ['E_REGISTRY_ERROR', `the registry ${host} ${message}`, hint];
    t.deepEqual(await problemOf(client(t, { home }).manifest(ref(host))), said as never);
    t.is(seen.length, 1);
  }
});

test('no permission', async (t) => {
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message: `not for Basic ${basic}` }] });
  const { host } = await serve(t, guarded(`Basic ${basic}`, 'Basic realm="r"', reply(403, {}, body)));
  const home = await homeWith(t, { auths: { [host]: { auth: basic } } });
  const hint = `run \`docker login ${host}\`, and check the image's name`;
  const message = `the registry ${host} refused access to ${host}/team/app:v1 (403: DENIED: not for Basic ***)`;
  t.deepEqual(await problemOf(client(t, { home }).manifest(ref(host))), ['E_REGISTRY_DENIED', message, hint]);
  t.is(
    (await problemOf(client(t, { home }).head(ref(host))))[1],
    `the registry ${host} refused access to ${host}/team/app:v1 (403)`,
  );
  const bare = await serve(t, reply(401));
  t.is((await problemOf(client(t).head(ref(bare.host))))[0], 'E_REGISTRY_DENIED');
});

test('redirects, with credentials for the own origin only', async (t) => {
  const elsewhere = await serve(t, serveManifest);
  const { host, seen } = await serve(t, (request, response) => {
    const target: Record<string, string> = {
      '/v2/team/app/manifests/v1': '/v2/team/app/manifests/moved',
      '/v2/team/app/manifests/moved': `http://user:pw@${elsewhere.host}/storage?sig=1`,
      '/v2/team/app/manifests/loop': '/v2/team/app/manifests/loop',
      '/v2/team/app/manifests/file': 'file:///etc/passwd',
      '/v2/team/app/manifests/bad': 'http://[',
    };
    guarded(
      `Basic ${basic}`,
      'Basic realm="r"',
      reply(307, { location: target[request.url ?? ''] ?? '' }),
    )(request, response);
  });
  const home = await homeWith(t, { auths: { [host]: { auth: basic }, [elsewhere.host]: { auth: basic } } });
  const registry = client(t, { home });
  t.deepEqual((await registry.manifest(ref(host))).descriptor, descriptor);
  t.is(seen.at(-1)?.headers.authorization, `Basic ${basic}`);
  t.deepEqual(
    elsewhere.seen.map(({ line, headers }) => [line, headers.authorization]),
    [['GET /storage?sig=1', undefined]],
  );
  for (const tag of ['loop', 'file', 'bad']) {
    const said = [
      'E_REGISTRY_ERROR',
      `the registry ${host} redirects to where repro does not follow`,
      undefined,
    ];
    t.deepEqual(await problemOf(registry.manifest(ref(host, tag))), said as never);
  }
  const refusing = await serve(t, reply(403, { 'www-authenticate': 'Basic realm="r"' }));
  const start = await serve(t, reply(302, { location: `http://${refusing.host}/x` }));
  t.deepEqual(await problemOf(client(t).manifest(ref(start.host))), [
    'E_REGISTRY_ERROR',
    `${refusing.host} (to which the registry ${start.host} redirects) answered 403 for ${start.host}/team/app:v1`,
    undefined,
  ]);
});

test('TLS: unknown CA, SSL_CERT_FILE, certs.d, other names, and a switch from plain HTTP', async (t) => {
  const { host, seen } = await serve(t, serveManifest, true);
  const hint = `put the certificate of its CA into ~/.docker/certs.d/${host}/ca.crt, or name the file in SSL_CERT_FILE`;
  const message = `can't reach the registry ${host}: its certificate is not trusted`;
  t.deepEqual(await problemOf(client(t).manifest(ref(host))), ['E_REGISTRY_UNREACHABLE', message, hint]);
  t.is(seen.length, 0);
  const ca = 'test/fixtures/tls/ca.crt';
  t.deepEqual((await client(t, { env: { SSL_CERT_FILE: ca } }).manifest(ref(host))).descriptor, descriptor);
  for (const platform of ['linux', 'win32'] as const) {
    const home = await temporaryFolder(t);
    const folder = join(home, '.docker/certs.d', platform === 'win32' ? host.replace(':', '') : host);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'own.crt'), await readFile(ca));
    await writeFile(join(folder, 'notes.txt'), 'not a certificate');
    t.deepEqual((await client(t, { home, platform }).head(ref(host)))?.digest, descriptor.digest);
    await writeFile(join(folder, 'z.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    t.deepEqual(await problemOf(client(t, { home, platform }).head(ref(host))), [
      'E_CERTIFICATE',
      `the CA certificate ${join(folder, 'z.crt')} is not valid PEM`,
      'correct or remove it',
    ]);
  }
  t.deepEqual(await problemOf(client(t, { env: { SSL_CERT_FILE: '/nonexistent/ca' } }).manifest(ref(host))), [
    'E_CERTIFICATE',
    "can't read the CA certificate /nonexistent/ca, which SSL_CERT_FILE names",
    'correct or remove it',
  ]);
  // What was asked for under TLS is not taken from a place without it.
  const leaving = await serve(t, reply(302, { location: 'http://plain.example/' }), true);
  t.deepEqual(await problemOf(client(t, { env: { SSL_CERT_FILE: ca } }).manifest(ref(leaving.host))), [
    'E_REGISTRY_ERROR',
    `the registry ${leaving.host} redirects to where repro does not follow`,
    undefined,
  ]);
  const proxy = await proxyTo(t, () => host);
  const env = { SSL_CERT_FILE: ca, HTTPS_PROXY: `http://${proxy.host}` };
  t.is(
    (await problemOf(client(t, { env }).manifest(ref('wrong.test'))))[1],
    "can't reach the registry wrong.test: its certificate is for another name",
  );
});

test('a registry on loopback that answers plain HTTP with 400 and speaks TLS', async (t) => {
  const secure = await serve(t, serveManifest, true);
  let plain = 0;
  const front = createTcpServer((socket) => {
    socket.once('data', (first) => {
      // TLS, record type "handshake" (RFC 8446, section 5.1).
      if (first[0] !== 22) {
        plain++;
        socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
        return;
      }
      const onward = connect(Number(secure.host.split(':')[1]), '127.0.0.1', () => onward.write(first));
      onward.on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
  });
  const { host } = await listen(t, front);
  const registry = client(t, { env: { SSL_CERT_FILE: 'test/fixtures/tls/ca.crt' } });
  t.deepEqual((await registry.manifest(ref(host))).descriptor, descriptor);
  t.deepEqual((await registry.manifest(ref(host, 'v2'))).descriptor, descriptor);
  t.deepEqual([plain, registry.waits], [1, []]);
});

/** A proxy that leads every CONNECT to one server, and answers plain requests itself. */
async function proxyTo(
  t: ExecutionContext,
  target: (authority: string, headers: Record<string, unknown>) => string | number | undefined,
) {
  const lines: [string, string | undefined][] = [];
  const server = createServer((request, response) => {
    lines.push([`${request.method} ${request.url}`, request.headers['proxy-authorization']]);
    const to = target(request.headers.host ?? '', request.headers);
    if (typeof to !== 'string') response.writeHead(to ?? 500).end();
    else {
      const { pathname, search } = new URL(request.url ?? '');
      const { authorization } = request.headers;
      const headers = { accept: request.headers.accept, ...(authorization ? { authorization } : {}) };
      const onward = httpRequest(
        `http://${to}${pathname}${search}`,
        { method: request.method, headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on('error', () => response.destroy());
      onward.end();
    }
  });
  server.on('connect', (request, socket: Socket) => {
    lines.push([`CONNECT ${request.url}`, request.headers['proxy-authorization']]);
    const to = target(request.url ?? '', request.headers);
    if (to === undefined) return;
    if (typeof to === 'number') {
      socket.end(`HTTP/1.1 ${to} No\r\nwww-authenticate: Basic realm="evil"\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [hostname, port] = to.split(':');
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  return { ...(await listen(t, server)), lines };
}

test('proxies', async (t) => {
  const secure = await serve(t, serveManifest, true);
  const plain = await serve(t, serveManifest);
  const proxy = await proxyTo(t, (authority) => (authority.endsWith(':443') ? secure.host : plain.host));
  const url = `http://us%40er:p%3Aw@${proxy.host}`;
  const env = { SSL_CERT_FILE: 'test/fixtures/tls/ca.crt', HTTPS_PROXY: url, http_proxy: url };
  const login = `Basic ${base64('us@er:p:w')}`;
  const registry = client(t, { env, insecure: ['plain.test'] });
  t.deepEqual((await registry.manifest(ref('registry.test'))).descriptor, descriptor);
  await registry.manifest(ref('registry.test', 'v2'));
  t.deepEqual(proxy.lines.splice(0), [['CONNECT registry.test:443', login]]);
  t.is(secure.seen[0]?.headers['proxy-authorization'], undefined);
  t.is(secure.seen[0]?.headers.host, 'registry.test');
  t.deepEqual((await registry.manifest(ref('plain.test'))).descriptor, descriptor);
  t.deepEqual(proxy.lines.splice(0), [['GET http://plain.test/v2/team/app/manifests/v1', login]]);
  t.is(plain.seen[0]?.headers.authorization, undefined);
  // Not every password is encoded as it should be.
  const odd = `http://me:100%@${proxy.host}`;
  await client(t, { env: { ...env, HTTPS_PROXY: odd } }).manifest(ref('registry.test'));
  t.deepEqual(proxy.lines.splice(0), [['CONNECT registry.test:443', `Basic ${base64('me:100%')}`]]);
  t.deepEqual(
    await problemOf(client(t, { env: { ...env, HTTPS_PROXY: url } }).manifest(ref('registry.test:5000'))),
    [
      'E_REGISTRY_UNREACHABLE',
      "can't reach the registry registry.test:5000: it does not speak TLS",
      'set REPRO_INSECURE_REGISTRIES=registry.test:5000 if it speaks plain HTTP',
    ],
  );
  proxy.lines.splice(0);
  // Loopback is never proxied.
  await registry.manifest(ref(plain.host));
  t.deepEqual(proxy.lines, []);
});

test('Docker Hub', async (t) => {
  const hub = await serve(t, guarded(`Basic ${basic}`, 'Basic realm="r"'), true);
  const proxy = await proxyTo(t, () => hub.host);
  const home = await homeWith(t, {
    auths: { 'https://index.docker.io/v1/': { auth: basic }, 'docker.io': { auth: 'x' } },
  });
  const env = { SSL_CERT_FILE: 'test/fixtures/tls/ca.crt', HTTPS_PROXY: `http://${proxy.host}` };
  const problem = await problemOf(
    client(t, { home, env }).manifest({ domain: 'docker.io', path: 'library/debian' }),
  );
  t.is(problem[1], "can't reach the registry docker.io: its certificate is for another name");
  t.deepEqual(proxy.lines, [['CONNECT registry-1.docker.io:443', undefined]]);
});

test('proxies that fail', async (t) => {
  const gone = createServer();
  const nobody = await listen(t, gone);
  await new Promise((resolve) => gone.close(resolve));
  const silent = await proxyTo(t, () => undefined);
  const refusing = (status: number) => proxyTo(t, () => status);
  const [login, refused, busy, tricky] = [
    await refusing(407),
    await refusing(403),
    await refusing(502),
    await refusing(401),
  ];
  const cases: [string, string, number][] = [
    [nobody.host, `the proxy ${nobody.host} can't be reached (connection refused)`, 4],
    [login.host, `the proxy ${login.host} asks for a login (407)`, 0],
    [refused.host, `the proxy ${refused.host} refused the connection (403)`, 0],
    [busy.host, `the proxy ${busy.host} refused the connection (502)`, 4],
    // A proxy is not asked to take the registry's credentials.
    [tricky.host, `the proxy ${tricky.host} refused the connection (401)`, 0],
    [silent.host, `the proxy ${silent.host} can't be reached (no answer)`, 4],
  ];
  for (const [host, message, waits] of cases) {
    const home = await homeWith(t, { auths: { 'registry.test': { auth: basic } } });
    const env = { HTTPS_PROXY: `http://me:s3cret@${host}` };
    const registry = client(t, { home, env, timing: host === silent.host ? { connect: 40 } : {} });
    t.deepEqual(await problemOf(registry.manifest(ref('registry.test'))), [
      'E_REGISTRY_UNREACHABLE',
      `can't reach the registry registry.test: ${message}`,
      'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
    ]);
    t.is(registry.waits.length, waits, message);
  }
  for (const [host, message] of [
    [nobody.host, `the proxy ${nobody.host} can't be reached (connection refused)`],
    [login.host, `the proxy ${login.host} asks for a login (407)`],
  ]) {
    const registry = client(t, { env: { HTTP_PROXY: host }, insecure: ['plain.test:5000'] });
    const said = `can't reach the registry plain.test:5000: ${message}`;
    t.is((await problemOf(registry.manifest(ref('plain.test:5000'))))[1], said);
  }
});

test('a TLS handshake without an answer', async (t) => {
  const silent = await listen(t, createTcpServer());
  const { host } = await serve(t, reply(302, { location: `https://${silent.host}/` }));
  const registry = client(t, { timing: { connect: 40 } });
  const [code, message] = await problemOf(registry.manifest(ref(host)));
  t.is(code, 'E_REGISTRY_TIMEOUT');
  t.regex(message, /^(127\.0\.0\.1:\d+ \(to which )?the registry .* does not answer$/);
  t.is(registry.waits.length, 2);
});

test('which proxy', (t) => {
  const to = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env)?.href;
  const p = 'http://p:1/';
  const cases: [string, Record<string, string>, string | undefined][] = [
    ['https://a.example/', {}, undefined],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1' }, p],
    ['https://a.example/', { https_proxy: 'p:1' }, p],
    ['https://a.example/', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://a.example/', { HTTP_PROXY: 'http://p:1' }, p],
    ['http://127.9.9.9:5000/', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://localhost:5000/', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://[::1]:5000/', { HTTP_PROXY: 'http://p:1' }, undefined],
    ...(
      [
        ['*', true],
        ['a.example', true],
        ['A.EXAMPLE', true],
        ['example', true],
        ['.example', true],
        ['*.example', true],
        ['.a.example', false],
        ['b.example, a.example:443', true],
        ['a.example:444', false],
        ['xample', false],
        ['10.0.0.0/8', false],
        ['', false],
      ] as const
    ).map(([list, isExcepted]): [string, Record<string, string>, string | undefined] => [
      'https://a.example/',
      { HTTPS_PROXY: p, NO_PROXY: list },
      isExcepted ? undefined : p,
    ]),
    ['https://10.1.2.3/', { HTTPS_PROXY: p, no_proxy: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3/', { HTTPS_PROXY: p, no_proxy: '10.0.0.0/8, 11.0.0.0/99' }, p],
    ['https://10.1.2.3:5/', { HTTPS_PROXY: p, no_proxy: '10.1.2.3' }, undefined],
    ['https://10.1.2.3/', { HTTPS_PROXY: p, no_proxy: '3' }, p],
    ['https://[fd00::1]/', { HTTPS_PROXY: p, no_proxy: 'fd00::/8' }, undefined],
    ['https://[fd00::1]/', { HTTPS_PROXY: p, no_proxy: 'fd00::1' }, undefined],
    ['https://[fd00::1]/', { HTTPS_PROXY: p, no_proxy: '[fd00::1]:443' }, undefined],
    ['https://[fd00::1]/', { HTTPS_PROXY: p, no_proxy: '[fd00::1]:5' }, p],
  ];
  for (const [url, env, expected] of cases) t.is(to(url, env), expected, `${url} ${JSON.stringify(env)}`);
  const socks = "the environment's HTTPS_PROXY has the scheme socks5, which is not supported";
  t.throws(() => to('https://a/', { HTTPS_PROXY: 'socks5://me:s3cret@p' }), {
    code: 'E_PROXY',
    message: socks,
  });
  t.throws(() => to('https://a/', { HTTPS_PROXY: 'http://me:s3cret@[' }), {
    message: "the environment's HTTPS_PROXY is no URL",
  });
});
