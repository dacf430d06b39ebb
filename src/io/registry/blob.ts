import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ReproError } from '../../errors.ts';
import { formatImageReference, type ImageReference } from '../../image-ref.ts';
import type { Descriptor } from '../../ports.ts';
import type { Ask } from './ask.ts';
import { statusProblem } from './exchange.ts';
import { transportFailure } from './failure.ts';
import type { Retry } from './retry.ts';

export interface BlobRequest {
  reference: ImageReference;
  blob: Descriptor;
  retry: Retry;
  signal?: AbortSignal;
}

/**
 * A blob's bytes, checked against its size and digest at the end (E_DIGEST_MISMATCH). The promise waits for the
 * registry's first answer. A cut connection is taken up again where it broke, within the attempts of `retry`.
 */
export async function openBlob(
  ask: Ask,
  request: BlobRequest,
  secrets: Set<string>,
): Promise<AsyncGenerator<Buffer, void>> {
  const { reference, blob, retry, signal } = request;
  const what = `the registry ${reference.domain}`;
  const mismatch = (why: string) =>
    new ReproError({
      code: 'E_DIGEST_MISMATCH',
      message: `${what} served other bytes for ${blob.digest} of ${formatImageReference(reference)}: ${why}`,
      hint: 'push the image again, and check what stands between you and the registry',
    });
  const first = await open(0);
  return chunks();

  async function* chunks(): AsyncGenerator<Buffer, void> {
    const hash = createHash('sha256');
    let part = first;
    let done = 0;
    for (let isWhole = false; !isWhole; ) {
      try {
        let skip = part.skip;
        for await (const chunk of part.response as AsyncIterable<Buffer>) {
          const fresh = chunk.subarray(skip);
          skip -= chunk.length - fresh.length;
          done += fresh.length;
          if (done > blob.size) throw mismatch(`more than ${blob.size} bytes`);
          hash.update(fresh);
          if (fresh.length > 0) yield fresh;
        }
        isWhole = true;
      } catch (error) {
        signal?.throwIfAborted();
        await retry.again(transportFailure(error, what, reference.domain), signal);
        part = await open(done);
      }
    }
    if (done < blob.size) throw mismatch(`${done} bytes in place of ${blob.size}`);
    const digest = `sha256:${hash.digest('hex')}`;
    if (digest !== blob.digest) throw mismatch(`their digest is ${digest}`);
  }

  /** From `offset` on; `skip` bytes must be left out where the server does not know ranges (RFC 9110, section 14). */
  async function open(offset: number): Promise<{ response: IncomingMessage; skip: number }> {
    const headers = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const path = `blobs/${blob.digest}`;
    const answer = await ask({ reference, path, method: 'GET', headers, retry, signal });
    const { response, status } = answer;
    const start = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1];
    if (status === 404) {
      response.destroy();
      const message = `${what} has no ${blob.digest}, which ${formatImageReference(reference)} needs`;
      throw new ReproError({ code: 'E_NO_SUCH_BLOB', message, hint: 'push the image again' });
    }
    const isPart = status === 206 && offset > 0 && Number(start) === offset;
    if (status !== 200 && !isPart)
      throw await statusProblem(answer, ` for ${blob.digest} of ${formatImageReference(reference)}`, secrets);
    const length = response.headers['content-length'];
    const expected = isPart ? blob.size - offset : blob.size;
    if (length !== undefined && Number(length) !== expected) {
      response.destroy();
      throw mismatch(`${length} bytes in place of ${expected}`);
    }
    return { response, skip: isPart ? 0 : offset };
  }
}

/** As a stream that asks for more only when it is read, and lets go of the connection when destroyed. */
export function toStream(
  chunks: AsyncGenerator<Buffer, void>,
  abort: AbortController,
  onChunk: (bytes: number) => void,
): Readable {
  const stream = new Readable({
    read() {
      chunks.next().then(
        ({ done, value }) => {
          if (value) onChunk(value.length);
          stream.push(done ? null : value);
        },
        (error) => stream.destroy(error),
      );
    },
    destroy(error, callback) {
      abort.abort();
      callback(error);
    },
  });
  return stream;
}
