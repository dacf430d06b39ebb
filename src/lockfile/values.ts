import { quote } from '../errors.ts';
import { digestProblem, imageReferenceProblem, isDigest, parseImageReference } from '../image-ref.ts';
import type { Digest } from '../model.ts';
import { type Check, matching, type Reader, text } from './read.ts';

/** As containerd normalises platforms; each has one spelling. */
const PLATFORMS: readonly string[] = [
  'linux/386',
  'linux/amd64',
  'linux/amd64/v2',
  'linux/amd64/v3',
  'linux/amd64/v4',
  'linux/arm/v5',
  'linux/arm/v6',
  'linux/arm/v7',
  'linux/arm64',
  'linux/loong64',
  'linux/mips64le',
  'linux/mipsle',
  'linux/ppc64le',
  'linux/riscv64',
  'linux/s390x',
];

const OTHER_SPELLINGS: Readonly<Record<string, string>> = {
  x86_64: 'linux/amd64',
  'amd64/v1': 'linux/amd64',
  aarch64: 'linux/arm64',
  'arm64/v8': 'linux/arm64',
  arm: 'linux/arm/v7',
  armhf: 'linux/arm/v7',
  i386: 'linux/386',
};

export const platform: Reader<string> = text((value) => {
  if (PLATFORMS.includes(value)) return undefined;
  const message = `must be a platform such as "linux/amd64", not ${quote(value)}`;
  const os = /^([a-z]+)\//.exec(value)?.[1];
  if (os !== undefined && os !== 'linux')
    return { code: 'E_PLATFORM', message, hint: 'only linux is supported' };
  const machine = value.replace(/^linux\//, '').toLowerCase();
  const meant = OTHER_SPELLINGS[machine] ?? PLATFORMS.find((name) => name === `linux/${machine}`);
  const hint = meant === undefined ? `known platforms: ${PLATFORMS.join(', ')}` : `write "${meant}"`;
  return { code: 'E_PLATFORM', message, hint };
});

/** An image with a tag and without a digest; `elsewhere` says where the digest goes. */
export function taggedImage(elsewhere: string): Reader<string> {
  const fault = (message: string, hint?: string) => ({ code: 'E_IMAGE_REFERENCE', message, hint });
  return text((value) => {
    const wrong = imageReferenceProblem(value);
    if (wrong !== undefined) return fault(`is not an image reference: ${wrong}`);
    const { tag, digest } = parseImageReference(value);
    if (digest !== undefined) return fault("can't have a digest", elsewhere);
    if (tag === undefined) return fault('needs a tag', `write "${value}:latest" where that is meant`);
    return undefined;
  });
}

export const digest: Reader<Digest> = text<Digest>((value) =>
  isDigest(value) ? undefined : { code: 'E_DIGEST', message: `is no digest: ${digestProblem(value)}` },
);

export const sha256 = matching(/^[a-f0-9]{64}$/, '64 lower case hexadecimal digits', 'E_DIGEST');

/** A path within the lockfile's folder, that no host and no build tool takes for something else. */
export const insidePath: Reader<string> = text((value) => {
  const wrong = pathProblem(value);
  return wrong === undefined ? undefined : { code: 'E_PATH', message: `${wrong}: ${quote(value)}` };
});

function pathProblem(path: string): string | undefined {
  if (path.includes('\\')) return 'must have / between its parts';
  if (path.startsWith('/') || path.startsWith('~') || /^[A-Za-z]:/.test(path))
    return "must be relative to the lockfile's folder";
  if (path.split('/').includes('..')) return "must stay in the lockfile's folder";
  // BuildKit takes these for standard input and for Git repositories.
  if (path === '-' || path.includes(':') || /^(?:git@|github\.com\/)/.test(path))
    return 'must be a path, not a URL';
  return undefined;
}

export const argName: Check<string> = (key) =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)
    ? undefined
    : { code: 'E_VALUE', message: 'must be made of letters, digits and _, and not begin with a digit' };

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
export const time: Reader<string> = text((value) => {
  const date = TIME.test(value) ? new Date(value) : undefined;
  const isReal =
    date !== undefined && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value.slice(0, 19));
  if (isReal) return undefined;
  return {
    code: 'E_VALUE',
    message: `must be a time in UTC such as "2025-08-09T12:00:00Z", not ${quote(value)}`,
  };
});

const USER = '[A-Za-z0-9_][A-Za-z0-9_.-]*';
export const user = matching(new RegExp(`^${USER}(?::${USER})?$`), 'a user or user:group');
export const release = matching(/^[A-Za-z0-9._-]+$/, 'made of letters, digits and . _ -');
export const distro = matching(/^[a-z0-9][a-z0-9._-]*$/, 'an os-release ID in lower case');
export const stage = matching(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'the name of a stage');
/** The distro's own rules are narrower (distro/). */
export const word = matching(/^[!-~]+$/, 'printable ASCII without spaces');
