import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { ReproError } from '../../src/errors.ts';
import {
  formatImageReference,
  type ImageReference,
  parseImageReference,
  repositoryOf,
} from '../../src/image-ref.ts';
import type { Digest } from '../../src/model.ts';
import type {
  Descriptor,
  DockerAnswer,
  ImageConfig,
  ImageIndex,
  ImageManifest,
  Ports,
} from '../../src/ports.ts';

/* Ports in memory: no file, no network, no docker. What the real ones do is tested in test/io and test/e2e. */

export type Entry = {
  name: string;
  text?: string;
  linkname?: string;
  type?: 'file' | 'symlink' | 'link' | 'directory' | 'character-device' | 'fifo' | 'contiguous-file';
  pax?: Record<string, string>;
  mode?: number;
  uid?: number;
  /** Seconds since 1970; default 0. */
  time?: number;
  /** In place of a text: so many zeros. */
  size?: number;
};

/** A layer's tar. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { name, text = '', linkname, type, size, pax, time = 0, ...more } of entries) {
    const header = {
      ...more,
      name,
      mtime: new Date(time * 1000),
      ...(linkname !== undefined && { linkname }),
      ...(pax && { pax }),
    };
    const content = size === undefined ? text : Buffer.alloc(size);
    pack.entry({ ...header, type: type ?? (linkname === undefined ? 'file' : 'symlink') }, content);
  }
  pack.finalize();
  const parts: Buffer[] = [];
  for await (const part of pack) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export interface ImageParts {
  layers: Buffer[];
  config?: ImageConfig['config'];
  architecture?: string;
  variant?: string;
  created?: string;
  /** Digests of the layers' archives. */
  diffIds?: string[];
}

const digestOf = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

class MemoryRegistry {
  readonly asked: string[] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { descriptor: Descriptor; content: ImageManifest | ImageIndex }>();
  readonly tags = new Map<string, Digest>();
  /** Where the credentials for a host are from. */
  logins: Record<string, string> = {};
  /** Thrown at the next request. */
  failure: Error | undefined;

  private put(bytes: Buffer, mediaType: string): Descriptor {
    this.blobs.set(digestOf(bytes), bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  }

  private putManifest(content: ImageManifest | ImageIndex): Descriptor {
    const descriptor = this.put(Buffer.from(JSON.stringify(content)), content.mediaType);
    this.manifests.set(descriptor.digest, { descriptor, content });
    return descriptor;
  }

  /** Pushes a single image; where `tag` is a list of images, an index of them. */
  push(name: string, ...images: ImageParts[]): Digest {
    const built = images.map(({ layers, config, architecture = 'amd64', variant, created, diffIds }) => {
      const platform = { os: 'linux', architecture, ...(variant !== undefined && { variant }) };
      const rootfs = diffIds && { type: 'layers', diff_ids: diffIds };
      const content = { ...platform, ...(created !== undefined && { created }), config, rootfs };
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      const manifest = this.putManifest({
        mediaType,
        config: this.put(Buffer.from(JSON.stringify(content)), 'application/vnd.oci.image.config.v1+json'),
        layers: layers.map((layer) => this.put(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')),
      });
      return { ...manifest, platform };
    });
    const [only] = built;
    const index: ImageIndex = { mediaType: 'application/vnd.oci.image.index.v1+json', manifests: built };
    const digest = built.length === 1 && only !== undefined ? only.digest : this.putManifest(index).digest;
    this.tags.set(formatImageReference(parseImageReference(name)), digest);
    return digest;
  }

  private find(reference: ImageReference) {
    const { digest: wanted, ...tagged } = reference;
    const digest = wanted ?? this.tags.get(formatImageReference(tagged));
    return digest === undefined ? undefined : this.manifests.get(digest);
  }

  private ask(method: string, what: string): void {
    this.asked.push(`${method} ${what}`);
    if (this.failure !== undefined) throw this.failure;
  }

  readonly port: Ports['registry'] = {
    tag: async (reference, tag) => {
      const { domain, path, digest } = reference;
      const tagged = formatImageReference({ domain, path, tag });
      this.ask('PUT', tagged);
      this.tags.set(tagged, digest);
    },
    head: async (reference) => {
      this.ask('HEAD', formatImageReference(reference));
      return this.find(reference)?.descriptor;
    },
    manifest: async (reference) => {
      this.ask('GET', formatImageReference(reference));
      const found = this.find(reference);
      if (found !== undefined) return found;
      const message = `the registry ${reference.domain} has no image ${formatImageReference(reference)}`;
      throw new ReproError({ code: 'E_NO_SUCH_IMAGE', message });
    },
    blob: async (reference, blob) => {
      this.ask('GET', `${repositoryOf(reference)} ${blob.digest}`);
      return this.blobs.get(blob.digest) ?? Buffer.alloc(0);
    },
    login: async (domain) => this.logins[domain],
    stream: async (reference, blob) => {
      this.ask('GET', `${repositoryOf(reference)} ${blob.digest}`);
      return Readable.from([this.blobs.get(blob.digest) ?? Buffer.alloc(0)]);
    },
  };
}

export interface Memory extends Ports {
  texts: Map<string, string>;
  memory: MemoryRegistry;
  bakes: string[][];
  hints: string[];
  /** What `git` has: revision -> file -> text. A revision is its own id, and the merge base of two is `base`. */
  revisions: Map<string, Record<string, string>>;
}

/** `bake` runs as `docker buildx bake`; default: it succeeds and does nothing. `answers` of other docker commands. */
export function memoryPorts(
  texts: Record<string, string> = {},
  bake: (args: readonly string[]) => void = () => {},
  answers: (command: string) => DockerAnswer = () => ({ code: 1, output: '' }),
): Memory {
  const files = new Map(Object.entries(texts));
  const memory = new MemoryRegistry();
  const bakes: string[][] = [];
  const hints: string[] = [];
  const revisions: Memory['revisions'] = new Map();
  return {
    texts: files,
    memory,
    bakes,
    hints,
    revisions,
    git: {
      commit: async (revision) => (revisions.has(revision) ? revision : undefined),
      mergeBase: async () => (revisions.has('base') ? 'base' : undefined),
      read: async (commit, folder, name) => revisions.get(commit)?.[join(folder, name)],
    },
    registry: memory.port,
    hint: (line) => hints.push(line),
    now: () => 1_800_000_000,
    docker: {
      rebuild: async () => {
        throw new Error('no rebuild here');
      },
      bake: async (args) => {
        bakes.push([...args]);
        bake(args);
      },
      ask: async (args) => answers(args.join(' ')),
    },
    files: {
      read: async (path) => files.get(path),
      list: async () => [...files.keys()].sort(),
      write: async (path, text) => {
        files.set(path, text);
      },
    },
  };
}

export const debian = (
  release = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n',
): Promise<Buffer> =>
  tarOf([
    { name: 'usr/lib/os-release', text: release },
    { name: 'etc/os-release', linkname: '../usr/lib/os-release' },
  ]).then((bytes) => gzipSync(bytes));
