import { quote } from '../errors.ts';
import { compare } from '../lockfile/canonical.ts';
import { type LayerEntry, layerEntries } from '../oci/layer-files.ts';

/** A file that is not the same in two layers, and what of it: in words, first as it was, then as it is now. */
export interface FileDifference {
  path: string;
  what: string[];
}

/** Two layers entry by entry. Whole files are never in memory. */
export async function compareLayers(
  before: AsyncIterable<Buffer> | undefined,
  after: AsyncIterable<Buffer> | undefined,
): Promise<FileDifference[]> {
  const [old, now] = [await entriesByPath(before), await entriesByPath(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort(compare);
  return paths
    .map((path) => ({ path, what: differences(old.get(path), now.get(path)) }))
    .filter(({ what }) => what.length > 0);
}

async function entriesByPath(blob: AsyncIterable<Buffer> | undefined): Promise<Map<string, LayerEntry>> {
  const entries = new Map<string, LayerEntry>();
  if (blob !== undefined) for await (const entry of layerEntries(blob)) entries.set(entry.path, entry);
  return entries;
}

function differences(old: LayerEntry | undefined, now: LayerEntry | undefined): string[] {
  if (old === undefined) return ['only in the rebuilt image'];
  if (now === undefined) return ['not in the rebuilt image'];
  if (old.kind !== now.kind) return [`a ${old.kind} -> a ${now.kind}`];
  const bytes = ({ sha256, size }: LayerEntry) => `${size} bytes, sha256 ${sha256}`;
  return [
    ...(old.sha256 === now.sha256 ? [] : [`bytes: ${bytes(old)} -> ${bytes(now)}`]),
    ...(['mode', 'owner', 'time', 'target', 'attributes'] as const).flatMap((key) =>
      old.meta[key] === now.meta[key] ? [] : [`${key}: ${shown(old.meta[key])} -> ${shown(now.meta[key])}`],
    ),
  ];
}

function shown(text: string): string {
  return /^[\w.:]+$/.test(text) ? text : quote(text);
}

/** Where two JSON values differ, as paths of keys. */
export function jsonDifferences(before: unknown, after: unknown, path = ''): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compare);
    return keys.flatMap((key) =>
      jsonDifferences(before[key], after[key], path === '' ? key : `${path}.${key}`),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
