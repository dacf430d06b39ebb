import { posix } from 'node:path';
import { contentOf, type Entry, entriesOf, tarPath } from './layer.ts';

/** Opens an image's layer; the bottom one is 0. */
export type OpenLayer = (index: number) => Promise<AsyncIterable<Buffer>>;

type Found =
  | { kind: 'file'; text: string }
  | { kind: 'link'; to: string }
  | { kind: 'folder' }
  | { kind: 'other' };

/** What one layer says of the paths that are looked for. */
interface Scan {
  wanted: ReadonlySet<string>;
  found: Map<string, Found>;
  /** Paths of which, and of what is under them, the layers below show nothing (image-spec, layer.md, "Whiteouts"). */
  hidden: Set<string>;
  /** Read to its end; otherwise only what was found is certain. */
  complete: boolean;
}

const LIMIT = 64 * 1024;
const HOPS = 16;

/**
 * The text of the first of the paths that is a file of the image, through links, or undefined. Layers are read as streams
 * from the top down, no further than needed.
 */
export async function readRootFile(
  layers: number,
  open: OpenLayer,
  paths: readonly string[],
): Promise<string | undefined> {
  const wanted = new Set(paths);
  const scans: Scan[] = [];
  for (const path of paths) {
    let here: string | undefined = path;
    for (let hop = 0; here !== undefined && hop < HOPS; hop++) {
      const found: Found | undefined = await lookUp(here);
      if (found?.kind === 'file') return found.text;
      here = found?.kind === 'link' ? found.to : undefined;
    }
  }
  return undefined;

  async function lookUp(path: string): Promise<Found | undefined> {
    wanted.add(path);
    const folders = new Set<string>();
    for (let index = layers - 1; index >= 0; index--) {
      let scan = scans[index];
      if (scan === undefined || !(scan.found.has(path) || (scan.complete && scan.wanted.has(path)))) {
        scan = await scanLayer(await open(index), path, new Set(wanted));
        scans[index] = scan;
      }
      for (const ancestor of ancestorsOf(path)) {
        const found = scan.found.get(ancestor);
        // A folder above replaced what this layer has in its place.
        if (found !== undefined && found.kind !== 'folder' && folders.has(ancestor)) return undefined;
        if (found?.kind === 'link') return { kind: 'link', to: join(found.to, path.slice(ancestor.length)) };
        if (found !== undefined && found.kind !== 'folder') return undefined;
        if (found !== undefined) folders.add(ancestor);
      }
      const found = scan.found.get(path);
      if (found !== undefined) return found;
      if (['', ...ancestorsOf(path), path].some((part) => scan.hidden.has(part))) return undefined;
    }
    return undefined;
  }
}

/** Stops at the file that `path` is or links to. */
async function scanLayer(
  blob: AsyncIterable<Buffer>,
  path: string,
  wanted: ReadonlySet<string>,
): Promise<Scan> {
  const scan: Scan = { wanted, found: new Map(), hidden: new Set(), complete: false };
  const relevant = new Set([...wanted].flatMap((name) => [name, ...ancestorsOf(name)]));
  for await (const entry of entriesOf(blob)) {
    const name = tarPath(entry.header.name);
    const folder = name.slice(0, Math.max(name.lastIndexOf('/'), 0));
    const base = name.slice(name.lastIndexOf('/') + 1);
    if (base === '.wh..wh..opq') {
      scan.hidden.add(folder);
    } else if (base.startsWith('.wh.')) {
      scan.hidden.add(join(folder, base.slice('.wh.'.length)));
    } else if (relevant.has(name)) {
      scan.found.set(name, await foundIn(entry, name));
    }
    entry.resume();
    const own = scan.found.get(path);
    const end = own?.kind === 'link' ? scan.found.get(own.to) : own;
    if (end?.kind === 'file') return scan;
  }
  scan.complete = true;
  return scan;
}

async function foundIn(entry: Entry, name: string): Promise<Found> {
  const { type, linkname } = entry.header;
  if (type === 'directory') return { kind: 'folder' };
  if (type === 'symlink') {
    const target = linkname ?? '';
    return { kind: 'link', to: target.startsWith('/') ? join(target) : join(posix.dirname(name), target) };
  }
  // Named from the root, whatever its folder.
  if (type === 'link') return { kind: 'link', to: join(linkname ?? '') };
  if (type !== 'file' && type !== 'contiguous-file') return { kind: 'other' };
  const content = await contentOf(entry, LIMIT);
  return content === undefined ? { kind: 'other' } : { kind: 'file', text: content.toString('utf8') };
}

/** `usr/lib/os-release` -> `usr`, `usr/lib`. */
function ancestorsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Within the root: `..` does not leave it. */
function join(...parts: string[]): string {
  return posix.join('/', ...parts).slice(1);
}
