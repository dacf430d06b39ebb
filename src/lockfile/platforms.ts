import type { Problem } from '../errors.ts';
import type { PlatformPins } from '../model.ts';
import { compare } from './canonical.ts';

/** A warning where a package has another version on one platform than on another, and one where it is not on all. */
export function platformDifferences(platforms: readonly PlatformPins[]): Problem[] {
  const versions = new Map<string, Map<string, string>>();
  for (const { name: platform, packages } of platforms) {
    for (const { name, version } of packages) {
      const known = versions.get(name) ?? new Map<string, string>();
      const other = known.get(platform);
      known.set(platform, other === undefined ? version : `${other} and ${version}`);
      versions.set(name, known);
    }
  }
  const differ: string[] = [];
  const missing: string[] = [];
  for (const [name, known] of [...versions].sort(([a], [b]) => compare(a, b))) {
    if (known.size < platforms.length) missing.push(`${name} (${[...known.keys()].join(', ')})`);
    if (new Set(known.values()).size > 1) {
      differ.push(
        `${name} (${[...known].map(([platform, version]) => `${platform} ${version}`).join(', ')})`,
      );
    }
  }
  return [
    ...problem('E_PLATFORM_VERSIONS', 'not the same version on all platforms', differ),
    ...problem('E_PLATFORM_PACKAGES', 'not on all platforms', missing),
  ];
}

function problem(code: string, what: string, packages: readonly string[]): Problem[] {
  return packages.length === 0 ? [] : [{ code, message: `${what}: ${packages.join('; ')}` }];
}
