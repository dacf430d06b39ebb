import { createHash } from 'node:crypto';
import { contentOf, type Entry, entriesOf, tarPath } from './layer.ts';

/** One entry of a layer, as an engine would unpack it. */
export interface LayerEntry {
  path: string;
  kind: 'file' | 'folder' | 'symbolic link' | 'hard link' | 'device' | 'pipe' | 'whiteout' | 'odd entry';
  size: number;
  /** Of a file, 64 hexadecimal digits. */
  sha256?: string;
  /** Of the file that was asked for. */
  text?: string;
  /** What else an engine gives it. */
  meta: Meta;
}

export interface Meta {
  mode: string;
  owner: string;
  /** Seconds since 1970. */
  time: string;
  /** Where a link leads to. */
  target: string;
  /** Extended attributes, as JSON. */
  attributes: string;
}

const KINDS: Record<string, LayerEntry['kind']> = {
  file: 'file',
  directory: 'folder',
  symlink: 'symbolic link',
  link: 'hard link',
  'character-device': 'device',
  'block-device': 'device',
  fifo: 'pipe',
};
/** OCI image-spec, layer.md, "Whiteouts". */
const WHITEOUT = '.wh.';
const TEXT_LIMIT = 64 * 1024 * 1024;

/** All of a layer, its files hashed on the way; `textOf` is a file whose content is wanted, too. Reads to the end. */
export async function* layerEntries(blob: AsyncIterable<Buffer>, textOf = ''): AsyncGenerator<LayerEntry> {
  for await (const entry of entriesOf(blob)) {
    const path = tarPath(entry.header.name);
    const kind = kindOf(entry, path);
    const size = entry.header.size ?? 0;
    const meta = metaOf(entry);
    if (kind === 'file') yield { path, kind, meta, ...(await read(entry, path === textOf)) };
    else {
      entry.resume();
      yield { path, kind, size, meta };
    }
  }
}

function kindOf({ header }: Entry, path: string): LayerEntry['kind'] {
  if (path.slice(path.lastIndexOf('/') + 1).startsWith(WHITEOUT)) return 'whiteout';
  // A sparse file is not what its bytes in the archive are (GNU tar, "PAX Format, Version 1.0").
  const isSparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse.'));
  return isSparse ? 'odd entry' : (KINDS[header.type ?? ''] ?? 'odd entry');
}

function metaOf({ header }: Entry): Meta {
  const { mode = 0, uid = 0, gid = 0, mtime, linkname } = header;
  const pax = new Map(Object.entries(header.pax ?? {}));
  const attributes = [...pax].filter(([key]) => key.startsWith('SCHILY.xattr.'));
  return {
    mode: mode.toString(8).padStart(4, '0'),
    owner: `${uid}:${gid}`,
    time: pax.get('mtime') ?? String((mtime?.getTime() ?? 0) / 1000),
    target: linkname ?? '',
    attributes: attributes.length === 0 ? '' : JSON.stringify(attributes.sort()),
  };
}

async function read(entry: Entry, withText: boolean): Promise<Pick<LayerEntry, 'size' | 'sha256' | 'text'>> {
  const hash = createHash('sha256');
  const content = withText ? await contentOf(entry, TEXT_LIMIT) : undefined;
  if (content !== undefined) hash.update(content);
  let size = content?.length ?? 0;
  if (content === undefined) {
    for await (const part of entry) {
      hash.update(part as Buffer);
      size += (part as Buffer).length;
    }
  }
  const sha256 = hash.digest('hex');
  return { size, sha256, ...(content !== undefined && { text: content.toString('utf8') }) };
}
