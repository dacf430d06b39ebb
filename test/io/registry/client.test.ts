import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import test from 'ava';
import { transportFailure } from '../../../src/io/registry/failure.ts';
import { readManifest } from '../../../src/io/registry/manifest.ts';
import { readRetryAfter } from '../../../src/io/registry/retry.ts';
import { clean } from '../../../src/io/registry/text.ts';
import {
  client,
  config,
  content,
  descriptor,
  digest,
  type Handler,
  listen,
  manifest,
  manifestHeaders,
  problemOf,
  ref,
  reply,
  serve,
  serveManifest,
  sha256,
  types,
} from './server.ts';

const allTypes = [types.index, types.list, types.manifest, types.schema2].join(', ');
const bytes = randomBytes(300_000);
const blob = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  digest: sha256(bytes),
  size: bytes.length,
};
const serveBlob: Handler = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  reply(start > 0 ? 206 : 200, start > 0 ? range : {}, bytes.subarray(start))(request, response);
};
/** Promises the whole, sends a part from where it was asked, and cuts the connection. */
const cutAfter =
  (count: number): Handler =>
  (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': bytes.length - start,
      ...(start > 0 ? range : {}),
    });
    response.write(bytes.subarray(start, start + count), () => response.destroy());
  };
const cut: Handler = (_, response) => response.destroy();
/** A promise, and the function that fulfils it. */
function deferred(): Promise<void> & { resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return Object.assign(promise, { resolve });
}
const error = (status: number, code: string, message: string) =>
  reply(status, { 'content-type': 'application/json' }, JSON.stringify({ errors: [{ code, message }] }));

test('HEAD of a tag costs one request and asks for all four types', async (t) => {
  const { host, seen } = await serve(t, [
    reply(200, { ...manifestHeaders, 'content-length': manifest.length }),
  ]);
  t.deepEqual(await client(t).head(ref(host)), descriptor);
  t.is(seen.length, 1);
  t.is(seen[0]?.line, 'HEAD /v2/team/app/manifests/v1');
  t.is(seen[0]?.headers.accept, allTypes);
  t.is(seen[0]?.headers['user-agent'], 'repro/test');
  t.is(seen[0]?.headers.authorization, undefined);
});

test('connections are kept alive', async (t) => {
  const { host, server } = await serve(t, (request, response) =>
    (request.method === 'HEAD'
      ? reply(200, { ...manifestHeaders, 'content-length': manifest.length })
      : serveManifest)(request, response),
  );
  let connections = 0;
  server.on('connection', () => connections++);
  const registry = client(t);
  await registry.head(ref(host));
  await registry.manifest(ref(host));
  await registry.head(ref(host, 'v2'));
  t.is(connections, 1);
});

test('HEAD falls back to GET where headers say too little', async (t) => {
  const partial: [string, Handler][] = [
    ['no digest', reply(200, { 'content-type': types.manifest, 'content-length': 5 })],
    [
      'a sha512 digest',
      reply(200, { ...manifestHeaders, 'docker-content-digest': 'sha512:00', 'content-length': 5 }),
    ],
    ['no length', (_, response) => response.writeHead(200, manifestHeaders).end()],
    ['no type', reply(200, { 'docker-content-digest': digest, 'content-length': 5 })],
    ['HEAD not supported', reply(405)],
  ];
  for (const [name, head] of partial) {
    const { host, seen } = await serve(t, [head, serveManifest]);
    t.deepEqual(await client(t).head(ref(host)), descriptor, name);
    t.is(seen[1]?.line, 'GET /v2/team/app/manifests/v1');
  }
  const { host } = await serve(t, [reply(200), reply(404)]);
  t.is(await client(t).head(ref(host)), undefined);
});

test('what does not exist', async (t) => {
  const { host } = await serve(t, error(404, 'MANIFEST_UNKNOWN', 'manifest unknown'));
  const registry = client(t);
  t.is(await registry.head(ref(host)), undefined);
  t.deepEqual(await problemOf(registry.manifest(ref(host))), [
    'E_NO_SUCH_IMAGE',
    `the registry ${host} has no image ${host}/team/app:v1`,
    'check its name and tag, and that it was pushed',
  ]);
  const message = `the registry ${host} has no ${blob.digest}, which ${host}/team/app:v1 needs`;
  t.deepEqual(await problemOf(registry.blob(ref(host), blob, 1e9)), [
    'E_NO_SUCH_BLOB',
    message,
    'push the image again',
  ]);
  t.is((await problemOf(registry.stream(ref(host), blob, 'layer')))[0], 'E_NO_SUCH_BLOB');
});

test('a manifest by tag, by digest, and an index', async (t) => {
  const { host, seen } = await serve(t, serveManifest);
  const registry = client(t);
  t.deepEqual(await registry.manifest(ref(host)), { descriptor, content });
  t.deepEqual(await registry.manifest({ ...ref(host), digest }), { descriptor, content });
  t.is(seen[1]?.line, `GET /v2/team/app/manifests/${digest}`);
  t.is(seen[1]?.headers.accept, allTypes);
  t.deepEqual(await registry.manifest({ domain: host, path: 'a' }), { descriptor, content });
  t.is(seen[2]?.line, 'GET /v2/a/manifests/latest');
});

test('bytes that are not those of the digest', async (t) => {
  const other = sha256('other');
  const { host } = await serve(t, (request, response) => {
    const headers = {
      'content-type': types.manifest,
      'docker-content-digest': other,
      'content-length': manifest.length,
    };
    reply(200, headers, request.method === 'HEAD' ? '' : manifest)(request, response);
  });
  const registry = client(t);
  const hint = 'run the command again; if it stays so, push the image again';
  const said = (name: string, got: string, want: string) => [
    'E_DIGEST_MISMATCH',
    `the registry ${host} served ${got} for ${host}/team/app:v1${name}, and should have served ${want}`,
    hint,
  ];
  t.deepEqual(await problemOf(registry.manifest(ref(host))), said('', digest, other));
  const wanted = sha256('wanted');
  const pinned = { ...ref(host), digest: wanted };
  t.deepEqual(await problemOf(registry.manifest(pinned)), said(`@${wanted}`, digest, wanted));
  t.deepEqual(await problemOf(registry.head(pinned)), said(`@${wanted}`, other, wanted));
  // The body counts, not the header.
  t.is((await registry.manifest({ ...ref(host), digest })).descriptor.digest, digest);
});

test('manifests that are refused', (t) => {
  const entry = { mediaType: types.manifest, digest, size: 5 };
  const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
  const good: [object, string | undefined, unknown][] = [
    [
      { mediaType: types.schema2, config, layers: [config] },
      types.schema2,
      { mediaType: types.schema2, config, layers: [config] },
    ],
    [{ config, layers: [] }, `${types.manifest}; charset=utf-8`, content],
    [
      { mediaType: types.manifest, config: { ...config, annotations: {} }, layers: [] },
      'application/json',
      content,
    ],
    [
      { mediaType: types.index, manifests: [{ ...entry, platform }] },
      types.index,
      { mediaType: types.index, manifests: [{ ...entry, platform }] },
    ],
    [
      { manifests: [{ ...entry, platform: null }] },
      types.list,
      { mediaType: types.list, manifests: [entry] },
    ],
  ];
  for (const [json, type, expected] of good)
    t.deepEqual(readManifest(JSON.stringify(json), type, 'a:b'), expected as never);
  const old = "a:b is in Docker's old format, schema 1, which repro does not read";
  const bad: [string, string | undefined, string, string][] = [
    ['{"schemaVersion":1}', types.schema1, 'E_UNSUPPORTED_MANIFEST', old],
    ['{"schemaVersion":1,"fsLayers":[]}', 'application/json', 'E_UNSUPPORTED_MANIFEST', old],
    [
      '<html>',
      'text/html; charset=utf-8',
      'E_UNSUPPORTED_MANIFEST',
      'a:b is no image: the registry serves it as text/html',
    ],
    ['', undefined, 'E_UNSUPPORTED_MANIFEST', 'a:b is no image: the registry serves it as nothing known'],
    [
      '{"mediaType":"x/\\u001b[31m"}',
      types.index,
      'E_UNSUPPORTED_MANIFEST',
      'a:b is no image: the registry serves it as x/ [31m',
    ],
    ['<html>', types.index, 'E_INVALID_MANIFEST', 'it is not a JSON object'],
    ['[]', types.manifest, 'E_INVALID_MANIFEST', 'it is not a JSON object'],
    ['{"mediaType":7}', types.manifest, 'E_INVALID_MANIFEST', 'mediaType is not a string'],
    [
      `{"mediaType":"${types.manifest}"}`,
      types.index,
      'E_INVALID_MANIFEST',
      'its type is not the one it is served as',
    ],
    [
      '{"manifests":[],"layers":[]}',
      types.index,
      'E_INVALID_MANIFEST',
      'it is a manifest and an index at once',
    ],
    ['{"manifests":{}}', types.index, 'E_INVALID_MANIFEST', 'manifests is not a list'],
    ['{"manifests":[5]}', types.index, 'E_INVALID_MANIFEST', 'manifests[0] is missing'],
    ['{"layers":[]}', types.manifest, 'E_INVALID_MANIFEST', 'config is missing'],
    [JSON.stringify({ config }), types.manifest, 'E_INVALID_MANIFEST', 'layers is not a list'],
    [
      JSON.stringify({ config: { ...config, size: -1 } }),
      types.manifest,
      'E_INVALID_MANIFEST',
      'config.size is not a size',
    ],
    [
      JSON.stringify({ config: { ...config, digest: 'sha512:0' } }),
      types.manifest,
      'E_INVALID_MANIFEST',
      'config.digest is not a sha256 digest',
    ],
    [
      JSON.stringify({ config: { digest } }),
      types.manifest,
      'E_INVALID_MANIFEST',
      'config.mediaType is not a string',
    ],
  ];
  for (const [body, type, code, message] of bad) {
    const full = code === 'E_INVALID_MANIFEST' ? `the manifest of a:b is not valid: ${message}` : message;
    t.throws(() => readManifest(body, type, 'a:b'), { code, message: full }, body);
  }
});

test('a huge manifest, announced or not', async (t) => {
  const huge = Buffer.alloc(5_000_000, ' ');
  const unannounced: Handler = (_, response) => {
    response.on('error', () => undefined);
    response.writeHead(200, manifestHeaders).end(huge);
  };
  for (const handler of [reply(200, manifestHeaders, huge), unannounced]) {
    const { host } = await serve(t, [handler]);
    t.deepEqual(await problemOf(client(t).manifest(ref(host))), [
      'E_TOO_LARGE',
      `the manifest of ${host}/team/app:v1 is larger than 4194304 bytes`,
      'check the name, and that the host is a container registry',
    ]);
  }
});

test('a whole blob', async (t) => {
  const { host, seen } = await serve(t, serveBlob);
  const registry = client(t);
  t.deepEqual(await registry.blob(ref(host), blob, bytes.length), bytes);
  t.is(seen[0]?.line, `GET /v2/team/app/blobs/${blob.digest}`);
  t.is(seen[0]?.headers['accept-encoding'], 'identity');
  t.deepEqual(await problemOf(registry.blob(ref(host), blob, bytes.length - 1)), [
    'E_TOO_LARGE',
    `${blob.digest} of ${host}/team/app:v1 has 300000 bytes, more than the 299999 that it may have`,
    undefined,
  ]);
  t.is(seen.length, 1);
  const empty = await serve(t, [reply(200)]);
  t.is((await registry.blob(ref(empty.host), { ...blob, digest: sha256(''), size: 0 }, 0)).length, 0);
});

test('a blob with other bytes than promised', async (t) => {
  const chunked =
    (body: Buffer): Handler =>
    (_, response) => {
      response.on('error', () => undefined);
      response.writeHead(200);
      response.write(body);
      response.end();
    };
  const flipped = Buffer.from(bytes);
  flipped[1234] = (flipped[1234] ?? 0) ^ 1;
  const cases: [Handler, string][] = [
    [reply(200, {}, flipped), `their digest is ${sha256(flipped)}`],
    [reply(200, {}, bytes.subarray(1)), '299999 bytes in place of 300000'],
    [chunked(bytes.subarray(1)), '299999 bytes in place of 300000'],
    [chunked(Buffer.concat([bytes, bytes])), 'more than 300000 bytes'],
  ];
  for (const [handler, why] of cases) {
    const { host } = await serve(t, [handler, handler]);
    const expected = [
      'E_DIGEST_MISMATCH',
      `the registry ${host} served other bytes for ${blob.digest} of ${host}/team/app:v1: ${why}`,
      'push the image again, and check what stands between you and the registry',
    ];
    const registry = client(t);
    t.deepEqual(await problemOf(registry.blob(ref(host), blob, 1e9)), expected as never);
    const read = async () => {
      for await (const _ of await registry.stream(ref(host), blob, 'layer')) {
        // Only the end matters.
      }
    };
    t.deepEqual(await problemOf(read()), expected as never);
  }
});

test('a stream is taken up again where it was cut', async (t) => {
  const whole: Handler = (_, response) => reply(200, {}, bytes)(_, response);
  for (const last of [serveBlob, whole]) {
    const { host, seen } = await serve(t, [cutAfter(100_000), reply(503), cutAfter(50_000), last]);
    const events: [string, number, number][] = [];
    const onProgress = (event: { label: string; done: number; total: number }) =>
      events.push([event.label, event.done, event.total]);
    const registry = client(t, { onProgress });
    const chunks: Buffer[] = [];
    for await (const chunk of await registry.stream(ref(host), blob, 'layer 1')) chunks.push(chunk);
    t.true(Buffer.concat(chunks).equals(bytes));
    t.is(seen[1]?.headers.range, seen[2]?.headers.range);
    t.regex(seen[3]?.headers.range ?? '', /^bytes=1\d{5}-$/);
    t.deepEqual(registry.waits, [500, 1000, 2000]);
    t.deepEqual(events.at(-1), ['layer 1', bytes.length, bytes.length]);
  }
});

test('several streams that are parts of one whole', async (t) => {
  const { host } = await serve(t, serveBlob);
  const events: [string, number, number][] = [];
  const registry = client(t, {
    onProgress: ({ label, done, total }) => events.push([label, done, total]),
  });
  const total = 3 * bytes.length;
  const read = async (label: string, whole?: number) =>
    (await registry.stream(ref(host), blob, label, whole)).toArray();
  await Promise.all([read('cache', total), read('cache', total), read('other')]);
  const last = (name: string) => events.findLast(([label]) => label === name);
  t.deepEqual(last('other'), ['other', bytes.length, bytes.length]);
  t.deepEqual(last('cache'), ['cache', 2 * bytes.length, total]);
});

test('a connection that is cut again and again', async (t) => {
  const { host, seen } = await serve(t, cutAfter(10));
  const registry = client(t);
  const stream = await registry.stream(ref(host), blob, 'layer');
  const said = [
    'E_REGISTRY_UNREACHABLE',
    `can't reach the registry ${host}: the connection was cut`,
    undefined,
  ];
  t.deepEqual(await problemOf(stream.toArray()), said as never);
  t.is(seen.length, 5);
  const dead = await serve(t, cut);
  t.is(
    (await problemOf(registry.head(ref(dead.host))))[1],
    `can't reach the registry ${dead.host}: the connection was cut`,
  );
  t.is(dead.seen.length, 5);
  const manifests = await serve(t, (_, response) => {
    response.writeHead(200, { ...manifestHeaders, 'content-length': 1000 });
    response.write(manifest, () => response.destroy());
  });
  t.is((await problemOf(registry.manifest(ref(manifests.host))))[0], 'E_REGISTRY_UNREACHABLE');
  t.is(manifests.seen.length, 5);
});

test('a stream that is destroyed early lets go of the connection and does not read ahead', async (t) => {
  const size = 200_000_000;
  let written = 0;
  const closed = deferred();
  const { host } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': size });
    response.once('close', closed.resolve);
    const more = () => {
      while (!response.destroyed && written < size) {
        written += 1_000_000;
        if (!response.write(Buffer.alloc(1_000_000))) return;
      }
    };
    response.on('drain', more);
    more();
  });
  const large = { ...blob, size };
  const registry = client(t);
  const unread = await registry.stream(ref(host), large, 'layer');
  unread.destroy();
  await closed;
  const stream = await registry.stream(ref(host), large, 'layer');
  for await (const _ of stream) break;
  t.true(stream.destroyed);
  t.true(written < 100_000_000, `${written}`);
});

test('a stream that is destroyed while the server is silent', async (t) => {
  const closed = deferred();
  const { host } = await serve(t, [
    (_, response) => {
      response.once('close', closed.resolve);
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 10));
    },
  ]);
  const stream = await client(t).stream(ref(host), blob, 'layer');
  const first = deferred();
  stream.on('data', () => first.resolve());
  await first;
  stream.destroy();
  await closed;
  t.true(stream.destroyed);
});

test('a busy registry is asked again, as it says', async (t) => {
  const date = new Date(Date.UTC(2030, 0, 1, 0, 0, 30)).toUTCString();
  const cases: [Handler[], number[]][] = [
    [[reply(503)], [500]],
    [
      [reply(500), reply(502), reply(503), reply(504)],
      [500, 1000, 2000, 4000],
    ],
    [[reply(429, { 'retry-after': '7' })], [7000]],
    [[reply(429, { 'retry-after': date })], [30_000]],
    [
      [reply(429, { 'retry-after': '0' }), reply(429, { 'retry-after': 'soon' }), cut],
      [500, 1000, 2000],
    ],
  ];
  for (const [faults, waits] of cases) {
    const { host, seen } = await serve(t, [...faults, serveManifest]);
    const registry = client(t);
    t.deepEqual((await registry.manifest(ref(host))).descriptor, descriptor);
    t.deepEqual(registry.waits, waits);
    t.is(seen.length, faults.length + 1);
  }
});

test('a registry that stays busy', async (t) => {
  const cases: [Handler, number, [string, string | undefined]][] = [
    [
      error(503, 'UNAVAILABLE', 'upgrade\n\u001b[31min progress'),
      5,
      ['answered 503 (UNAVAILABLE: upgrade [31min progress)', undefined],
    ],
    [reply(500, {}, '<html>oops'), 5, ['answered 500', undefined]],
    [reply(429), 5, ['answered 429', 'it limits requests: try again later, or log in with `docker login`']],
    [
      reply(429, { 'retry-after': '3600' }),
      1,
      [
        'answered 429, and asks to wait 3600 s',
        'it limits requests: try again later, or log in with `docker login`',
      ],
    ],
    [
      reply(503, { 'retry-after': '61' }),
      1,
      ['answered 503, and asks to wait 61 s', 'run the command again in 61 s'],
    ],
  ];
  for (const [handler, requests, [message, hint]] of cases) {
    const { host, seen } = await serve(t, handler);
    const registry = client(t);
    t.deepEqual(await problemOf(registry.manifest(ref(host))), [
      'E_REGISTRY_ERROR',
      `the registry ${host} ${message}`,
      hint,
    ]);
    t.is(seen.length, requests);
  }
});

test('statuses that no further attempt mends', async (t) => {
  const long = 'x'.repeat(300);
  const cases: [Handler, string][] = [
    [
      error(400, 'NAME_INVALID', 'invalid repository name'),
      '400 for NAME (NAME_INVALID: invalid repository name)',
    ],
    [error(418, 'TEAPOT', long), `418 for NAME (TEAPOT: ${long.slice(0, 191)}…)`],
    [reply(501), '501 for NAME'],
    [reply(204), '204 for NAME'],
    [reply(302), '302 for NAME'],
    [reply(500 + 99, {}, 'null'), '599 for NAME'],
  ];
  for (const [handler, message] of cases) {
    const { host, seen } = await serve(t, handler);
    t.deepEqual(await problemOf(client(t).manifest(ref(host))), [
      'E_REGISTRY_ERROR',
      `the registry ${host} answered ${message.replace('NAME', `${host}/team/app:v1`)}`,
      undefined,
    ]);
    t.is(seen.length, 1);
  }
});

test('a registry that can not be reached', async (t) => {
  const gone = createServer();
  const { host } = await listen(t, gone);
  await new Promise((resolve) => gone.close(resolve));
  t.deepEqual(await problemOf(client(t).head(ref(host))), [
    'E_REGISTRY_UNREACHABLE',
    `can't reach the registry ${host}: connection refused`,
    `check that the registry runs and that ${host} is its address`,
  ]);
  t.deepEqual(await problemOf(client(t).head(ref('registry.invalid'))), [
    'E_REGISTRY_UNREACHABLE',
    "can't reach the registry registry.invalid: no such host",
    'check the spelling of registry.invalid',
  ]);
  const noise = createServer((socket) => socket.end('+OK welcome\r\n\r\n'));
  const other = await listen(t, noise);
  t.is(
    (await problemOf(client(t).head(ref(other.host))))[1],
    `can't reach the registry ${other.host}: its answer is not HTTP`,
  );
});

test('errors of the network, in words', (t) => {
  const cases: [string, string, number][] = [
    ['EAI_AGAIN', 'its name can not be looked up at the moment', 1],
    ['EHOSTUNREACH', 'no route to the host', 0],
    ['ECONNRESET', 'the connection was cut', 1],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not trusted', 0],
    ['CERT_HAS_EXPIRED', 'its certificate has expired', 0],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS', 0],
    ['HPE_INVALID_CONSTANT', 'its answer is not HTTP', 0],
    ['ESOMETHING', 'error ESOMETHING', 0],
  ];
  for (const [code, why, cost] of cases) {
    const failure = transportFailure(Object.assign(new Error('internal'), { code }), 'the registry a', 'a');
    t.is(failure.problem.code, 'E_REGISTRY_UNREACHABLE');
    t.deepEqual([failure.problem.message, failure.cost], [`can't reach the registry a: ${why}`, cost]);
  }
  const bug = new TypeError('a bug of ours');
  t.is(
    t.throws(() => transportFailure(bug, 'a', 'a')),
    bug,
  );
});

test('a registry that does not answer, or stops in the middle', async (t) => {
  const timing = { idle: 40 };
  const { host, seen } = await serve(t, () => undefined);
  const expected = (name: string) => [
    'E_REGISTRY_TIMEOUT',
    `the registry ${name} does not answer`,
    'check the network and the proxy settings, then run the command again',
  ];
  t.deepEqual(await problemOf(client(t, { timing }).head(ref(host))), expected(host) as never);
  t.is(seen.length, 3);
  const stalled = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 10));
  });
  t.deepEqual(
    await problemOf(client(t, { timing }).blob(ref(stalled.host), blob, 1e9)),
    expected(stalled.host) as never,
  );
});

test('a slow reader is no silent registry', async (t) => {
  // A machine under load may be slow once, so that the time limit is right to strike; not each time.
  const requests: number[] = [];
  for (let round = 0; round < 5 && !requests.includes(1); round++) {
    const { host, seen } = await serve(t, serveBlob);
    const stream = await client(t, { timing: { idle: 100 } }).stream(ref(host), blob, 'layer');
    await new Promise((resolve) => setTimeout(resolve, 250));
    t.true(Buffer.concat(await stream.toArray()).equals(bytes));
    requests.push(seen.length);
  }
  t.true(requests.includes(1), `${requests}`);
});

test('Retry-After and texts of others', (t) => {
  const now = Date.UTC(2030, 0, 1);
  const headers: [string, number | undefined][] = [
    ['5', 5000],
    [' 0 ', 0],
    ['Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
    ['Mon, 31 Dec 2029 00:00:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['2031', 2_031_000],
    ['', undefined],
  ];
  for (const [text, ms] of headers) t.is(readRetryAfter(text, now), ms, text);
  t.is(clean('a\r\nb\u001b]0;x\u0007\u202e c\u200b\u0085d'), 'a b ]0;x c d');
  t.is(clean('token s3cret, s3cret', ['s3cret', '']), 'token ***, ***');
});
