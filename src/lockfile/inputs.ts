import { createHash } from 'node:crypto';
import type { Digest, Lockfile } from '../model.ts';
import { canonical } from './canonical.ts';

/**
 * What a package cache depends on, as one hash; undefined while the base has no digest. Settings that are absent
 * leave no trace, so that a setting added to the format later changes no hash that is out there.
 */
export function cacheInputs(lockfile: Lockfile): Digest | undefined {
  const { base, ...intent } = canonical({ ...lockfile, platform: [] });
  if (base.digest === undefined) return undefined;
  const content = {
    distro: intent.distro,
    platforms: intent.platforms,
    packages: intent.packages,
    'platform-packages': intent['platform-packages'],
    recommends: intent.recommends,
    snapshot: intent.snapshot,
    repository: intent.repository?.map(({ url, suites, components, key }) => ({
      url,
      suites,
      components,
      key,
    })),
    base: base.digest,
  };
  // JSON leaves out what is undefined, and keeps the order of the keys above.
  const text = JSON.stringify(content);
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}
