import type { Family } from '../distro/family.ts';
import { type Problem, quote, ReproError } from '../errors.ts';
import { comparePackages } from '../lockfile/canonical.ts';
import type { Package } from '../model.ts';
import type { LayerEntry } from '../oci/layer-files.ts';
import type { Layer } from './layers.ts';

/** What the lockfile says of a cache on one platform. */
export interface Claim {
  /** The cache and the platform, for people. */
  where: string;
  family: Family;
  packages: readonly Package[];
  /** A Dockerfile that collects by itself decides what its files are called, and what else there is. */
  anyFiles: boolean;
}

/** What is wrong with the layers, and the files that the lockfile does not know where such may be. */
export function checkContent(
  claim: Claim,
  layers: readonly Layer[],
): { problems: Problem[]; others: string[] } {
  const { family } = claim;
  const inventory = layers.at(-1)?.entries.find((entry) => isInventory(entry, family));
  const entries = layers.flatMap((layer) => layer.entries).filter((entry) => entry !== inventory);
  const { problems, others } = claim.anyFiles ? checkByHash(claim, entries) : checkByName(claim, entries);
  if (layers.at(-1)?.problem === undefined) problems.push(...checkInventory(claim, inventory?.text));
  // Without all layers nobody can say what is missing.
  const isRead = layers.every(({ problem }) => problem === undefined);
  const known = isRead ? problems : problems.filter(({ code }) => code !== 'E_CACHE_MISSING');
  const hint =
    'the locked digest stands for just these bytes, so the package lines are wrong: take the lockfile from version control again, or run repro update';
  const [last] = known.splice(-1);
  return { problems: last === undefined ? [] : [...known, { ...last, hint }], others };
}

function isInventory({ path, text }: LayerEntry, { inventory }: Family): boolean {
  return path === inventory && text !== undefined;
}

function checkByName(
  { where, family, packages }: Claim,
  entries: readonly LayerEntry[],
): { problems: Problem[]; others: string[] } {
  const wanted = new Map(packages.map((pkg) => [family.fileName(pkg), pkg]));
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    const { path, kind } = entry;
    // The root folder.
    if (path === '' && kind === 'folder') continue;
    const pkg = wanted.get(path);
    if (kind !== 'file')
      problems.push({
        code: 'E_CACHE_ENTRY',
        message: `${where} has what is no file: ${quote(path)} (${kind})`,
      });
    else if (pkg === undefined)
      problems.push({
        code: 'E_CACHE_EXTRA',
        message: `${where} has a file that the lockfile does not list: ${quote(path)}`,
      });
    else if (seen.has(path))
      problems.push({ code: 'E_CACHE_EXTRA', message: `${where} has a file twice: ${quote(path)}` });
    else if (pkg.sha256 !== entry.sha256 || pkg.size !== entry.size)
      problems.push({
        code: 'E_CACHE_CHANGED',
        message: `${where} has another ${quote(path)}: ${bytes(entry)}, where the lockfile has ${bytes(pkg)}`,
      });
    if (kind === 'file') seen.add(path);
  }
  for (const path of wanted.keys()) if (!seen.has(path)) problems.push(missing(where, path));
  return { problems, others: [] };
}

function checkByHash(
  { where, family, packages }: Claim,
  entries: readonly LayerEntry[],
): { problems: Problem[]; others: string[] } {
  const key = ({ sha256, size }: { sha256?: string; size: number }) => `${sha256} ${size}`;
  const wanted = new Map(packages.map((pkg) => [key(pkg), family.fileName(pkg)]));
  const files = entries.filter(({ kind }) => kind !== 'folder');
  const found = new Set(files.map(key));
  const absent = [...wanted].filter(([hash]) => !found.has(hash));
  const others = files.filter((entry) => !wanted.has(key(entry)) && entry.path !== family.inventory);
  return {
    problems: absent.map(([, path]) => missing(where, path)),
    others: others.map(({ path }) => path),
  };
}

function missing(where: string, path: string): Problem {
  return { code: 'E_CACHE_MISSING', message: `${where} has no ${quote(path)}, which the lockfile lists` };
}

function bytes({ sha256, size }: { sha256?: string; size: number }): string {
  return `sha256 ${sha256}, ${size} bytes`;
}

/** `repro lock` reads this list, the lockfile must be the same. */
function checkInventory({ where, family, packages }: Claim, text: string | undefined): Problem[] {
  const code = 'E_CACHE_INVENTORY';
  if (text === undefined)
    return [
      { code, message: `${where} has no list of packages ${quote(family.inventory)} in its last layer` },
    ];
  let listed: Package[];
  try {
    listed = family.readInventory(text);
  } catch (error) {
    if (error instanceof ReproError) return [...error.problems];
    throw error;
  }
  const onlyListed = without(listed, packages).map((line) => `${line} only in the list`);
  const onlyLocked = without(packages, listed).map((line) => `${line} only in the lockfile`);
  const differences = [...onlyLocked, ...onlyListed];
  if (differences.length === 0) return [];
  const shown = differences.slice(0, 8).join('; ');
  const more = differences.length > 8 ? `; and ${differences.length - 8} more` : '';
  return [{ code, message: `${where} has a list of packages that is not the lockfile's: ${shown}${more}` }];
}

/** Those of the first list that the second has not just so, in words. */
function without(some: readonly Package[], others: readonly Package[]): string[] {
  const key = ({ name, version, arch, sha256, size, source }: Package) =>
    JSON.stringify([name, version, arch, sha256, size, source]);
  const known = new Set(others.map(key));
  return some
    .filter((pkg) => !known.has(key(pkg)))
    .toSorted(comparePackages)
    .map(({ name, version, arch, sha256 }) => quote(`${name} ${version} ${arch} ${sha256.slice(0, 12)}`));
}
