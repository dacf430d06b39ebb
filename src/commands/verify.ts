import { unpinnedProblems } from '../bake/pins.ts';
import { type Problem, ReproError, throwAll } from '../errors.ts';
import { parseImageReference } from '../image-ref.ts';
import type { Digest, Lockfile } from '../model.ts';
import type { Ports, Registry } from '../ports.ts';
import { checkBaseFacts } from '../verify/base.ts';
import { statementText } from '../verify/statement.ts';
import type { Upstream } from '../verify/upstream.ts';
import { keepCache } from './keep.ts';
import { checkBase } from './pin-base.ts';
import { readLockfile } from './project.ts';
import { type Rebuild, rebuild, type Target } from './rebuild.ts';
import { askUpstream } from './upstream.ts';
import { collectsByItself, type Part, verifyCache } from './verify-cache.ts';

export interface VerifyOptions {
  file: string;
  keep?: boolean | undefined;
  rebuild?: Target | undefined;
  /** Ask the distro, too. */
  upstream?: boolean | undefined;
  /** Where to write what was proved. */
  statement?: string | undefined;
  /** Who vouches for it: a URI. */
  verifier?: string | undefined;
}

export interface VerifyResult {
  file: string;
  base: { image: string; digest: Digest };
  cache: {
    image: string;
    digest: Digest;
    /** Different ones, each of which was read once. */
    layers: number;
    bytes: number;
    /** The tag that holds it for good. */
    kept?: string;
  };
  /** What of the cache hashes to the lockfile's values. */
  platforms: { name: string; packages: number; bytes: number }[];
  /** What the distro says of the packages. */
  upstream?: Upstream[];
  rebuilt?: Rebuild;
  /** The file with what was proved. */
  statement?: string;
  warnings: Problem[];
  next: string[];
}

/** Proves against the registry what the lockfile claims. Throws all that is wrong. */
export async function verify(options: VerifyOptions, ports: Ports): Promise<VerifyResult> {
  const { files, registry } = ports;
  const { lockfile, text } = await readLockfile(options.file, files);
  const [base, cache] = [lockfile.base.digest, lockfile.cache.digest];
  const unpinned = unpinnedProblems(lockfile);
  if (base === undefined || cache === undefined) {
    throwAll(unpinned);
    throw new Error('what has no digest is not pinned');
  }
  const anyFiles = await collectsByItself(options.file, lockfile, files);
  const [based, cached] = await Promise.all([
    verifyBase(lockfile, base, options.file, registry),
    verifyCache(lockfile, cache, anyFiles, options.file, registry),
  ]);
  throwAll([...unpinned, ...based.problems, ...cached.problems]);
  const asked = options.upstream ? await askUpstream(lockfile, options.file, ports) : undefined;
  const rebuilt = options.rebuild && (await rebuild(options.rebuild, lockfile, options.file, ports));
  const kept = options.keep ? await keepCache(lockfile, registry) : undefined;
  const untagged = kept === undefined ? cached.untagged : [];
  const result: VerifyResult = {
    file: options.file,
    base: { image: lockfile.base.image, digest: base },
    cache: {
      image: lockfile.cache.image,
      digest: cache,
      layers: cached.layers,
      bytes: cached.bytes,
      ...(kept !== undefined && { kept }),
    },
    platforms: (lockfile.platform ?? []).map(({ name, packages }) => ({
      name,
      packages: packages.length,
      bytes: packages.reduce((sum, { size }) => sum + size, 0),
    })),
    ...(asked !== undefined && { upstream: asked.upstream }),
    ...(rebuilt !== undefined && { rebuilt }),
    ...(options.statement !== undefined && { statement: options.statement }),
    warnings: [...based.warnings, ...untagged, ...cached.warnings, ...(asked?.warnings ?? [])],
    next: [],
  };
  if (options.statement !== undefined) {
    const { image } = lockfile;
    const facts = { result, image, lockfile: text, verifier: options.verifier, time: ports.now() };
    await files.write(options.statement, statementText(facts), await files.read(options.statement));
  }
  return result;
}

async function verifyBase(
  lockfile: Lockfile,
  digest: Digest,
  file: string,
  registry: Registry,
): Promise<Part> {
  const reference = parseImageReference(lockfile.base.image);
  try {
    const warnings = await checkBase(reference, digest, file, registry);
    return { problems: await checkBaseFacts(lockfile, registry), warnings };
  } catch (error) {
    if (error instanceof ReproError) return { problems: [...error.problems], warnings: [] };
    throw error;
  }
}
