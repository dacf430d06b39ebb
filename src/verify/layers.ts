import { type Problem, ReproError } from '../errors.ts';
import { familiarImageReference, type ImageReference } from '../image-ref.ts';
import type { Digest } from '../model.ts';
import { badImage } from '../oci/image.ts';
import { layerProblem } from '../oci/layer.ts';
import { type LayerEntry, layerEntries } from '../oci/layer-files.ts';
import type { Descriptor, Registry } from '../ports.ts';
import { inParallel } from './parallel.ts';

export interface Layer {
  digest: Digest;
  size: number;
  entries: LayerEntry[];
  /** What kept it from being read to its end. */
  problem?: Problem;
}

const AT_ONCE = 3;
/** No cache has so many files, and what somebody else pushed is not to fill the memory. */
const MOST = 100_000;

/** Each layer once, however many platforms share it. What is wrong with one layer keeps no other from being read. */
export async function readLayers(
  registry: Registry,
  reference: ImageReference,
  layers: readonly Descriptor[],
  inventory: string,
): Promise<Map<Digest, Layer>> {
  const distinct = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  const total = distinct.reduce((sum, { size }) => sum + size, 0);
  const name = familiarImageReference(reference);
  const read = await inParallel(distinct, AT_ONCE, async (layer): Promise<[Digest, Layer]> => {
    const entries: LayerEntry[] = [];
    const found = { digest: layer.digest, size: layer.size, entries };
    try {
      const blob = await registry.stream(reference, layer, 'reading the package cache', total);
      for await (const entry of layerEntries(blob, inventory)) {
        entries.push(entry);
        if (entries.length > MOST)
          throw badImage(reference, `its layer ${layer.digest} has more than ${MOST} entries`);
      }
      return [layer.digest, found];
    } catch (error) {
      return [layer.digest, { ...found, problem: problemOf(error, name, layer.digest) }];
    }
  });
  return new Map(read);
}

/** Whatever the layer is not to blame for is thrown again: the network, a login. */
function problemOf(error: unknown, name: string, digest: Digest): Problem {
  if (!(error instanceof Error)) throw error;
  if (!(error instanceof ReproError)) {
    const message = `the layer ${digest} of ${name} can't be read, ${layerProblem(error)}`;
    return { code: 'E_BAD_IMAGE', message };
  }
  if (['E_BAD_IMAGE', 'E_DIGEST_MISMATCH', 'E_NO_SUCH_BLOB'].includes(error.code)) return error.problems[0];
  throw error;
}
