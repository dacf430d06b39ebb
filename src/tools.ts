/** What a bake file of ours uses of Docker, and the versions that have it (release notes of buildx, BuildKit and Moby). */
export interface Requirement {
  feature: string;
  /** For semver, without pre-releases and distros' additions. */
  range: string;
  /** Without it the image is still built, with other bytes. */
  optional?: boolean;
}

export const OLDEST_BUILDX = '0.10.0';
export const OLDEST_ENGINE = '23.0.0';

const times = { feature: 'fixed times in images (SOURCE_DATE_EPOCH)', optional: true };

export const requirements: Readonly<Record<'buildx' | 'engine' | 'BuildKit', readonly Requirement[]>> = {
  buildx: [
    { feature: 'named contexts', range: '>=0.8.0' },
    { feature: 'images without attestations (attest)', range: `>=${OLDEST_BUILDX}` },
  ],
  engine: [
    { feature: 'BuildKit with named contexts', range: `>=${OLDEST_ENGINE}` },
    { ...times, range: '>=24.0.0' },
  ],
  BuildKit: [
    { feature: 'named contexts', range: '>=0.10.0' },
    { ...times, range: '>=0.11.0' },
  ],
};
