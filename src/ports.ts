import type { Readable } from 'node:stream';
import type { ImageReference } from './image-ref.ts';
import type { Digest } from './model.ts';

/** What the commands need of the world; `io/` has the real ones, tests may have others. */
export interface Ports {
  files: Files;
  registry: Registry;
  docker: Docker;
  git: Git;
  /** A line for the person at the terminal, never a result. */
  hint(line: string): void;
  /** Seconds since 1970: SOURCE_DATE_EPOCH where it is set, the clock's otherwise. Throws E_SOURCE_DATE_EPOCH. */
  now(): number;
}

/** Paths are as the user gave them, relative to the working folder. */
export interface Files {
  /** The text, or undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Names in a folder; empty where there is none. */
  list(folder: string): Promise<string[]>;
  /**
   * Replaces the file's content at once or not at all. `expected` is what `read` returned before: if the file
   * holds something else by now, nothing is written (E_FILE_CHANGED).
   */
  write(path: string, text: string, expected: string | undefined): Promise<void>;
}

/** OCI descriptor (image-spec, descriptor.md), as far as it is used. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
}

/** OCI image-spec, manifest.md and image-index.md; Docker's schema 2 types have the same form. */
export interface ImageManifest {
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
}
export interface ImageIndex {
  mediaType: string;
  manifests: (Descriptor & { platform?: { os: string; architecture: string; variant?: string } })[];
}

/** OCI image-spec, config.md, as far as it is used. */
export interface ImageConfig {
  os: string;
  architecture: string;
  variant?: string;
  created?: string;
  /** Digests of the layers as they are uncompressed. */
  rootfs?: { diff_ids?: Digest[] };
  config?: { User?: string; Labels?: Record<string, string> | null; OnBuild?: string[] | null };
}

export interface Registry {
  /** HEAD of the tag or digest; undefined where the registry says that it does not exist. */
  head(reference: ImageReference): Promise<Descriptor | undefined>;
  /** GET of a manifest or an index, its bytes checked against their digest. Throws E_NO_SUCH_IMAGE. */
  manifest(
    reference: ImageReference,
  ): Promise<{ descriptor: Descriptor; content: ImageManifest | ImageIndex }>;
  /** A whole small blob, checked against its digest; refuses more than `limit` bytes. */
  blob(reference: ImageReference, blob: Descriptor, limit: number): Promise<Buffer>;
  /**
   * A blob as a stream, checked against its digest when read to its end; destroy it to stop early. `label` names it in the
   * progress; several with one label and a `total` (bytes) are shown as one.
   */
  stream(reference: ImageReference, blob: Descriptor, label: string, total?: number): Promise<Readable>;
  /** Puts a tag on what the digest of the reference names, and says so only when it is there. */
  tag(reference: ImageReference & { digest: Digest }, tag: string): Promise<void>;
  /** Where the credentials are from that the registry was given so far; undefined where it was given none. */
  login(domain: string): Promise<string | undefined>;
}

export interface Docker {
  /** Checks the tools (E_NO_DOCKER, E_OLD_BUILDX …), then runs `docker buildx bake …` in a folder (default: the working
   * folder) with the terminal's own output on standard error. Throws E_BUILD_FAILED, E_INTERRUPTED. */
  bake(args: readonly string[], folder?: string): Promise<void>;
  /** Runs docker, and shows nothing of it. Throws E_NO_DOCKER; E_NO_ENGINE where it does not end in time. */
  ask(args: readonly string[]): Promise<DockerAnswer>;
  /**
   * Builds a target of a bake file (its text) from scratch. The image goes to no registry and to no engine's list of images,
   * only into a file, which `remove` removes. `output`: attributes of the exporter. Throws as `bake` does.
   */
  rebuild(target: string, bakeFile: string, output: string, folder: string): Promise<Rebuilt>;
}

export interface Rebuilt {
  /** The image, whatever the reference, under its digest. */
  image: Pick<Registry, 'manifest' | 'blob' | 'stream'>;
  digest: Digest;
  remove(): Promise<void>;
}

export interface DockerAnswer {
  code: number;
  /** Its standard output. */
  output: string;
}

/** Revisions as gitrevisions(7) has them, in the repository that a folder is in. Throws E_NO_GIT, E_NO_REPOSITORY, E_GIT. */
export interface Git {
  /** The id of the commit that a revision names; undefined where it names none. */
  commit(revision: string, folder: string): Promise<string | undefined>;
  /** The commit where the histories of two commits part; undefined where they have none in common. */
  mergeBase(a: string, b: string, folder: string): Promise<string | undefined>;
  /** The text of a file in the folder, as it is in a commit; undefined where it is not there. */
  read(commit: string, folder: string, name: string): Promise<string | undefined>;
}
