import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ReproError } from '../../errors.ts';
import { formatImageReference, type ImageReference, isDigest } from '../../image-ref.ts';
import type { Descriptor, ImageIndex, ImageManifest, Registry } from '../../ports.ts';
import type { Ask } from './ask.ts';
import { drain, readText, statusProblem } from './exchange.ts';
import { transportFailure } from './failure.ts';
import { acceptedTypes, mediaTypeOf, readManifest } from './manifest.ts';
import { createRetry } from './retry.ts';
import type { Timing } from './timing.ts';

/** Distribution spec, "Pushing Manifests": registries should refuse larger ones. */
const maxSize = 4 * 1024 * 1024;

const headers = { accept: acceptedTypes.join(', ') };

export interface Manifests {
  head: Registry['head'];
  /** Undefined where the registry has none. */
  get(
    reference: ImageReference,
  ): Promise<{ descriptor: Descriptor; content: ImageManifest | ImageIndex; body: Buffer } | undefined>;
  tag: Registry['tag'];
}

export function createManifests(ask: Ask, timing: Timing, secrets: Set<string>): Manifests {
  return {
    async head(reference) {
      const retry = createRetry(timing);
      const answer = await ask({ reference, path: pathOf(reference), method: 'HEAD', headers, retry });
      const { response, status } = answer;
      // Of a HEAD: the length that it names does not follow.
      await readText(response);
      if (status === 404) return undefined;
      if (status !== 200 && status !== 405)
        throw await statusProblem(answer, ` for ${formatImageReference(reference)}`, secrets);
      const descriptor = status === 200 ? readHeaders(response) : undefined;
      if (descriptor === undefined) return (await get(reference))?.descriptor;
      checkDigest(reference, reference.digest, descriptor.digest);
      return descriptor;
    },
    get,
    async tag(reference, tag) {
      const name = formatImageReference(reference);
      const found = await get(reference);
      if (found === undefined) throw noSuchImage(reference);
      const { body, descriptor } = found;
      const answer = await ask({
        reference,
        path: `manifests/${tag}`,
        method: 'PUT',
        headers: { 'content-type': descriptor.mediaType },
        body,
        retry: createRetry(timing),
      });
      if (answer.status !== 201) throw await statusProblem(answer, ` for the tag ${tag} of ${name}`, secrets);
      await drain(answer.response);
      const digest = answer.response.headers['docker-content-digest'];
      checkDigest(reference, descriptor.digest, typeof digest === 'string' ? digest : descriptor.digest);
    },
  };

  async function get(reference: ImageReference): ReturnType<Manifests['get']> {
    const retry = createRetry(timing);
    for (;;) {
      const answer = await ask({ reference, path: pathOf(reference), method: 'GET', headers, retry });
      const { response, status, from } = answer;
      if (status === 404) {
        await drain(response);
        return undefined;
      }
      if (status !== 200)
        throw await statusProblem(answer, ` for ${formatImageReference(reference)}`, secrets);
      let body: Buffer;
      try {
        body = await readBody(response, reference);
      } catch (error) {
        await retry.again(transportFailure(error, from, reference.domain));
        continue;
      }
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}` as const;
      const promised = response.headers['docker-content-digest'];
      checkDigest(
        reference,
        reference.digest ?? (typeof promised === 'string' && isDigest(promised) ? promised : undefined),
        digest,
      );
      const content = readManifest(
        body.toString('utf8'),
        response.headers['content-type'],
        formatImageReference(reference),
      );
      return { descriptor: { mediaType: content.mediaType, digest, size: body.length }, content, body };
    }
  }
}

export function noSuchImage(reference: ImageReference): ReproError {
  return new ReproError({
    code: 'E_NO_SUCH_IMAGE',
    message: `the registry ${reference.domain} has no image ${formatImageReference(reference)}`,
    hint: 'check its name and tag, and that it was pushed',
  });
}

function pathOf(reference: ImageReference): string {
  return `manifests/${reference.digest ?? reference.tag ?? 'latest'}`;
}

/** Undefined where a header is missing: then only the body can tell. */
function readHeaders({ headers }: IncomingMessage): Descriptor | undefined {
  const digest = headers['docker-content-digest'];
  const mediaType = mediaTypeOf(headers['content-type']);
  const size = Number(headers['content-length'] ?? Number.NaN);
  if (
    typeof digest !== 'string' ||
    !isDigest(digest) ||
    !acceptedTypes.includes(mediaType) ||
    !Number.isSafeInteger(size)
  )
    return undefined;
  return { mediaType, digest, size };
}

async function readBody(response: IncomingMessage, reference: ImageReference): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = Number(response.headers['content-length'] ?? 0) > maxSize ? maxSize + 1 : 0;
  if (size > maxSize) response.destroy();
  for await (const chunk of size > maxSize ? [] : response) {
    size += chunk.length;
    if (size > maxSize) break;
    chunks.push(chunk);
  }
  if (size <= maxSize) return Buffer.concat(chunks);
  const message = `the manifest of ${formatImageReference(reference)} is larger than ${maxSize} bytes`;
  throw new ReproError({
    code: 'E_TOO_LARGE',
    message,
    hint: 'check the name, and that the host is a container registry',
  });
}

function checkDigest(reference: ImageReference, expected: string | undefined, actual: string): void {
  if (expected === undefined || expected === actual) return;
  throw new ReproError({
    code: 'E_DIGEST_MISMATCH',
    message: `the registry ${reference.domain} served ${actual} for ${formatImageReference(reference)}, and should have served ${expected}`,
    hint: 'run the command again; if it stays so, push the image again',
  });
}
