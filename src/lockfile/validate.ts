import { quote } from '../errors.ts';
import { formatImageReference, imageReferenceProblem, parseImageReference } from '../image-ref.ts';
import type { Lockfile, Package } from '../model.ts';
import { nearest } from './nearest.ts';
import { checkPins } from './pins.ts';
import { type At, below, type Finding, type Report, top } from './read.ts';
import type { DistroRules } from './rules.ts';
import { type Draft, lockfileShape } from './shape.ts';

type Family = NonNullable<ReturnType<DistroRules['familyOf']>>;

/** The content, or all that is wrong with it. The tables are those of a TOML reader. */
export function validate(
  root: unknown,
  rules: DistroRules,
  incompletePins: 'refuse' | 'drop',
): { lockfile: Lockfile } | { findings: [Finding, ...Finding[]] } {
  const findings: Finding[] = [];
  const report: Report = (finding) => findings.push(finding);
  const draft = lockfileShape(root, undefined, report) ?? {};
  const family = draft.distro === undefined ? undefined : checkDistro(draft.distro, rules, report);
  checkPlatforms(draft, family, report);
  checkRequests(draft, family, report);
  checkImages(draft, report);
  checkPlatformPackages(draft, family, report);
  checkPins(draft, incompletePins, findings.length > 0, report);
  const [first, ...rest] = findings;
  // Without findings nothing that is required is absent.
  return first === undefined ? { lockfile: draft as Lockfile } : { findings: [first, ...rest] };
}

/** What is wrong with the locked packages of a lockfile that is otherwise valid. */
export function packageFindings(lockfile: Lockfile, rules: DistroRules): Finding[] {
  const findings: Finding[] = [];
  checkPlatformPackages(lockfile, rules.familyOf(lockfile.distro), (finding) => findings.push(finding));
  return findings;
}

function checkPlatformPackages(draft: Draft, family: Family | undefined, report: Report): void {
  draft.platform?.forEach((pins, index) => {
    checkPackages(pins?.packages ?? [], below(below(top('platform'), index), 'packages'), family, report);
  });
}

function checkDistro(distro: string, rules: DistroRules, report: Report): Family | undefined {
  const family = rules.familyOf(distro);
  if (family !== undefined) return family;
  const similar = nearest(distro, rules.knownDistros);
  report({
    code: 'E_UNKNOWN_DISTRO',
    message: `no support for the distro ${quote(distro)}`,
    at: top('distro'),
    hint: `${similar === undefined ? '' : `did you mean "${similar}"? `}known distros: ${rules.knownDistros.join(', ')}`,
  });
  return undefined;
}

function checkPlatforms(draft: Draft, family: Family | undefined, report: Report): void {
  const at = top('platforms');
  const platforms = draft.platforms;
  if (platforms?.length === 0) report({ code: 'E_VALUE', message: '`platforms` is empty', at });
  platforms?.forEach((platform, index) => {
    if (platform === undefined || family === undefined || family.architecture(platform) !== undefined) return;
    const message = `${draft.distro} has no packages for ${platform}`;
    report({ code: 'E_PLATFORM', message, at: below(at, index) });
  });
  reportDuplicates(platforms ?? [], (index) => below(at, index), report);
  const pins = draft.platform ?? [];
  if (draft.platform?.length === 0)
    report({ code: 'E_VALUE', message: '`platform` is empty', at: top('platform') });
  reportDuplicates(
    pins.map((entry) => entry?.name),
    (index) => below(below(top('platform'), index), 'name'),
    report,
  );
}

function checkRequests(draft: Draft, family: Family | undefined, report: Report): void {
  checkRequestList(draft.packages ?? [], top('packages'), family, report);
  for (const [platform, requests] of Object.entries(draft['platform-packages'] ?? {})) {
    const at = below(top('platform-packages'), platform);
    if (!draft.platforms?.includes(platform))
      report({ code: 'E_PLATFORM', message: `${quote(platform)} is not in \`platforms\``, at });
    checkRequestList(requests, at, family, report);
    requests.forEach((request, index) => {
      if (request === undefined || !draft.packages?.includes(request)) return;
      const message = `${quote(request)} is asked for on all platforms already`;
      report({ code: 'E_DUPLICATE', message, at: below(at, index) });
    });
  }
}

function checkRequestList(
  requests: readonly (string | undefined)[],
  at: At,
  family: Family | undefined,
  report: Report,
): void {
  requests.forEach((request, index) => {
    const wrong = request === undefined ? undefined : family?.checkRequest(request);
    if (wrong === undefined) return;
    report({ code: 'E_REQUEST', message: `${quote(request ?? '')} ${wrong}`, at: below(at, index) });
  });
  reportDuplicates(requests, (index) => below(at, index), report);
}

/** Three tags, three images: a push to one would overwrite another. */
function checkImages(draft: Draft, report: Report): void {
  const images: [name: string, at: At, image: string | undefined][] = [
    ['`image`', top('image'), draft.image],
    ['`base.image`', below(top('base'), 'image'), draft.base?.image],
    ['`cache.image`', below(top('cache'), 'image'), draft.cache?.image],
  ];
  const seen = new Map<string, string>();
  for (const [name, at, image] of images) {
    if (image === undefined || imageReferenceProblem(image) !== undefined) continue;
    const full = formatImageReference(parseImageReference(image));
    const other = seen.get(full);
    if (other === undefined) seen.set(full, name);
    else
      report({
        code: 'E_DUPLICATE',
        message: `${name} and ${other} are the same image`,
        at,
        hint: 'give one another tag',
      });
  }
}

function checkPackages(
  packages: readonly (Partial<Package> | undefined)[],
  at: At,
  family: Family | undefined,
  report: Report,
): void {
  const names = new Set<string>();
  const hashes = new Map<string, string>();
  packages.forEach((entry, index) => {
    if (!isPackage(entry)) return;
    const wrong = family?.checkPackage(entry);
    if (wrong !== undefined) {
      const message = `${quote(String(entry[wrong.field]))} ${wrong.message}`;
      report({ code: 'E_PACKAGE', message, at: below(below(at, index), wrong.field) });
    }
    const name = `${entry.name} ${entry.version} ${entry.arch}`;
    const twin = hashes.get(entry.sha256);
    if (names.has(name))
      report({ code: 'E_DUPLICATE', message: `${name} is listed twice`, at: below(at, index) });
    else if (twin !== undefined) {
      const message = `${name} and ${twin} have the same sha256`;
      report({ code: 'E_DUPLICATE', message, at: below(below(at, index), 'sha256') });
    }
    names.add(name);
    hashes.set(entry.sha256, name);
  });
}

function isPackage(entry: Partial<Package> | undefined): entry is Package {
  if (entry === undefined) return false;
  const { name, version, arch, sha256, size } = entry;
  return [name, version, arch, sha256, size].every((field) => field !== undefined);
}

function reportDuplicates(
  values: readonly (string | undefined)[],
  at: (index: number) => At,
  report: Report,
): void {
  const seen = new Set<string>();
  values.forEach((value, index) => {
    if (value === undefined) return;
    if (seen.has(value))
      report({ code: 'E_DUPLICATE', message: `${quote(value)} is listed twice`, at: at(index) });
    seen.add(value);
  });
}
