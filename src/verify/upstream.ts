import { type Problem, quote } from '../errors.ts';
import type { Package, PlatformPins } from '../model.ts';

/** What the distro says of one platform's packages. */
export interface Upstream {
  name: string;
  /** How many stand in an index of today, with the locked hash. */
  confirmed: number;
  /** Those that it has no more: nothing is known of them. */
  gone: string[];
}

export type Known = Pick<Package, 'name' | 'version' | 'arch' | 'sha256'>;

/** What the step of `Family.upstream` wrote. */
export function readUpstream(text: string): Known[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [sha256 = '', name = '', version = '', arch = ''] = line.split('\t');
      return { name, version, arch, sha256 };
    });
}

/** A file that has changed under its name and version is a problem. */
export function compareUpstream(
  { name: platform, packages }: PlatformPins,
  today: readonly Known[],
): { upstream: Upstream; problems: Problem[] } {
  const known = new Map<string, Set<string>>();
  for (const pkg of today) known.set(words(pkg), (known.get(words(pkg)) ?? new Set()).add(pkg.sha256));
  const found = packages.map((pkg) => ({ pkg, hashes: known.get(words(pkg)) }));
  const gone = found.filter(({ hashes }) => hashes === undefined).map(({ pkg }) => words(pkg));
  const changed = found.filter(({ pkg, hashes }) => hashes !== undefined && !hashes.has(pkg.sha256));
  return {
    upstream: { name: platform, confirmed: packages.length - gone.length - changed.length, gone },
    problems: changed.map(({ pkg, hashes }) => ({
      code: 'E_UPSTREAM_CHANGED',
      message: `the distro has another ${quote(words(pkg))} for ${platform} than the lockfile: sha256 ${[...(hashes ?? [])].map(shown).join(' or ')}, where the lockfile has ${pkg.sha256}`,
      hint: 'find out where the locked file is from; to collect the packages anew: repro update',
    })),
  };
}

function words({ name, version, arch }: Known): string {
  return `${name} ${version} ${arch}`;
}

function shown(hash: string): string {
  return /^[0-9a-f]{64}$/.test(hash) ? hash : quote(hash);
}
