import type { Digest } from './model.ts';

/** A normalised image reference (github.com/distribution/reference): `docker.io` and `library/` are spelled out. */
export interface ImageReference {
  /** Host, with port where there is one: `docker.io`, `127.0.0.1:5000`, `[::1]:5000`. */
  domain: string;
  /** `library/debian`. */
  path: string;
  tag?: string;
  digest?: Digest;
}
