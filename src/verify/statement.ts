import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { parseImageReference, repositoryOf } from '../image-ref.ts';
import type { Digest } from '../model.ts';
import { imagePurl } from '../sbom/purl.ts';
import { version } from '../version.ts';
import type { Sameness } from './images.ts';

/** What was proved. */
export interface Proof {
  /** The lockfile's path. */
  file: string;
  cache: { image: string; digest: Digest };
  /** How many package files hash to the lockfile's values. */
  platforms: readonly { packages: number }[];
  rebuilt?: { target: 'app' | 'pkg-cache'; image: string; digest: Digest; same: Sameness };
  /** What the distro does not have any more. */
  upstream?: readonly { gone: readonly unknown[] }[];
}

export interface StatementFacts {
  result: Proof;
  /** The app's image: what the proof is about in the end. */
  image: string;
  /** The lockfile's text: it is the policy that was verified against. */
  lockfile: string;
  /** Who vouches for the verification; default: this program. */
  verifier?: string | undefined;
  /** Seconds since 1970. */
  time: number;
}

/**
 * An in-toto statement (in-toto.io/Statement/v1) with SLSA's verification summary (slsa.dev/verification_summary/v1), ready to
 * be signed. Levels that do not start with `SLSA_` are anybody's own.
 */
export function statementText({ result, image, lockfile, verifier, time }: StatementFacts): string {
  const { cache, rebuilt, platforms, upstream } = result;
  const packages = platforms.reduce((sum, platform) => sum + platform.packages, 0);
  const app = rebuilt?.target === 'app' ? [subject(rebuilt.image, rebuilt.digest)] : [];
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [...app, subject(cache.image, cache.digest)],
    predicateType: 'https://slsa.dev/verification_summary/v1',
    predicate: {
      verifier: { id: verifier ?? `pkg:generic/repro@${version}`, version: { repro: version } },
      timeVerified: `${new Date(time * 1000).toISOString().slice(0, 19)}Z`,
      resourceUri: imagePurl({ tag: 'latest', ...parseImageReference(image) }),
      policy: {
        uri: `file:${encodeURIComponent(basename(result.file))}`,
        digest: { sha256: createHash('sha256').update(lockfile, 'utf8').digest('hex') },
      },
      verificationResult: 'PASSED',
      verifiedLevels: [
        'REPRO_PACKAGES_LOCKED',
        // Only where there is nothing that the distro does not have any more.
        ...(upstream?.every(({ gone }) => gone.length === 0) ? ['REPRO_UPSTREAM_CONFIRMED'] : []),
        ...(rebuilt === undefined
          ? []
          : [`REPRO_${shouted(rebuilt.target)}_REBUILT_${shouted(rebuilt.same)}`]),
      ],
      dependencyLevels: { REPRO_PACKAGES_LOCKED: packages },
    },
  };
  return `${JSON.stringify(statement, undefined, 2)}\n`;
}

function subject(image: string, digest: Digest): { name: string; digest: { sha256: string } } {
  return {
    name: repositoryOf(parseImageReference(image)),
    digest: { sha256: digest.slice('sha256:'.length) },
  };
}

function shouted(text: string): string {
  return text.toUpperCase().replaceAll('-', '_');
}
