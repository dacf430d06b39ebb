/** The content of `repro.lock` (docs/lockfile.md): what people ask for, and what it was pinned to. */

/** `sha256:` and 64 lower case hexadecimal digits (OCI image-spec, descriptor.md, "Digests"). */
export type Digest = `sha256:${string}`;

/** A package file in the package cache. */
export interface Package {
  name: string;
  /** As the distro writes it, epoch and revision included: `1:2.3-4`. */
  version: string;
  /** The distro's own name of the architecture: `amd64`, `x86_64`, `all`. */
  arch: string;
  /** Of the package file, 64 hexadecimal digits. */
  sha256: string;
  /** Of the package file, in bytes. */
  size: number;
  /** The source package, where its name is another than the package's. */
  source?: string;
}

/** The project's own Dockerfile. Paths are relative to the lockfile's folder and stay inside it. */
export interface Build {
  /** Relative to the lockfile's folder. */
  dockerfile: string;
  /** Default `.`. */
  context?: string;
  /** The stage to build; default the last one. */
  target?: string;
  args?: Record<string, string>;
}

/** A package repository beside those that the base image is configured for. */
export interface Repository {
  url: string;
  suites?: string[];
  components?: string[];
  /** Path of the signing key, relative to the lockfile's folder. */
  key: string;
}

export interface Base {
  /** As a Dockerfile's FROM would have it, with a tag. */
  image: string;
  /** What the registry served for the tag: an index where the image has several platforms. */
  digest?: Digest;
  /** VERSION_ID of the base's os-release; rolling distros have none. */
  release?: string;
  /** The newest `created` of the pinned image's configurations, RFC 3339 in UTC. */
  created?: string;
  /** USER of the image's configuration, where it has one. */
  user?: string;
}

export interface Cache {
  image: string;
  digest?: Digest;
  /** What the cache was collected for (lockfile/inputs.ts). */
  inputs?: Digest;
}

export interface PlatformPins {
  /** `linux/amd64`, `linux/arm/v7`: as OCI and Docker write platforms. */
  name: string;
  /** What the cache holds for this platform: what the base image did not have yet. */
  packages: Package[];
}

export interface Lockfile {
  version: 1;
  note?: string;
  image: string;
  /** ID of the base's os-release: `debian`. */
  distro: string;
  platforms: string[];
  /** Requests, in the syntax of the distro's package manager. */
  packages: string[];
  /** Requests for one platform only, beside `packages`. */
  'platform-packages'?: Record<string, string[]>;
  /** Recommended packages (weak dependencies) on or off; absent: as the base image is configured. */
  recommends?: boolean;
  /** Collect from the distro's archive as of this time, RFC 3339. */
  snapshot?: string;
  /** Labels of the app image. */
  labels?: Record<string, string>;
  build?: Build;
  repository?: Repository[];
  base: Base;
  cache: Cache;
  /** Absent while not locked. */
  platform?: PlatformPins[];
}
