import { Readable } from 'node:stream';
import { quote, ReproError } from '../errors.ts';
import { familiarImageReference, type ImageReference } from '../image-ref.ts';
import type { ImageManifest, Registry } from '../ports.ts';
import { contentOf, entriesOf, layerProblem, tarPath } from './layer.ts';

const LIMIT = 64 * 1024 * 1024;

/** The text of the file that lists a cache's packages; of the layers only the last one is read. Throws E_NOT_A_CACHE. */
export async function readInventory(
  registry: Registry,
  reference: ImageReference,
  manifest: ImageManifest,
  file: string,
): Promise<string> {
  const layer = manifest.layers.at(-1);
  if (layer === undefined) throw notACache(reference, 'it has no layers');
  const blob = await registry.blob(reference, layer, LIMIT);
  try {
    for await (const entry of entriesOf(Readable.from([blob]))) {
      if (entry.header.type === 'file' && tarPath(entry.header.name) === tarPath(file)) {
        const content = await contentOf(entry, LIMIT);
        if (content === undefined) break;
        return content.toString('utf8');
      }
      entry.resume();
    }
  } catch (cause) {
    if (cause instanceof ReproError || !(cause instanceof Error)) throw cause;
    throw notACache(reference, `its last layer can't be read, ${layerProblem(cause)}`);
  }
  throw notACache(reference, `its last layer has no ${quote(file)}`);
}

export function notACache(reference: ImageReference, reason: string): ReproError {
  return new ReproError({
    code: 'E_NOT_A_CACHE',
    message: `${familiarImageReference(reference)} is not a package cache that repro made: ${reason}`,
    hint: 'run repro update to collect the packages and push them there, or name another image at `cache.image`',
  });
}
