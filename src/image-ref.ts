import { quote, ReproError } from './errors.ts';
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

const DEFAULT_DOMAIN = 'docker.io';
const OFFICIAL = 'library/';
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const PATH_LIMIT = 255;

/** A reference as Docker takes it (ParseNormalizedNamed); no default tag is added. Throws E_IMAGE_REFERENCE. */
export function parseImageReference(text: string): ImageReference {
  const reference = read(text);
  if (typeof reference !== 'string') return reference;
  throw new ReproError({
    code: 'E_IMAGE_REFERENCE',
    message: `${quote(text)} is not an image reference: ${reference}`,
  });
}

/** What is wrong with the text as an image reference; undefined where nothing is. */
export function imageReferenceProblem(text: string): string | undefined {
  const reference = read(text);
  return typeof reference === 'string' ? reference : undefined;
}

/** `docker.io/library/debian:trixie@sha256:…`. */
export function formatImageReference(reference: ImageReference): string {
  return repositoryOf(reference) + suffix(reference);
}

/** As Docker shows it: `debian:trixie`, without `docker.io/` and, for an official image, `library/`. */
export function familiarImageReference(reference: ImageReference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return formatImageReference(reference);
  const { path } = reference;
  const official = path.startsWith(OFFICIAL) && !path.includes('/', OFFICIAL.length);
  return (official ? path.slice(OFFICIAL.length) : path) + suffix(reference);
}

/** `docker.io/library/debian`. */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}

function suffix({ tag, digest }: ImageReference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

/** The reference, or what is wrong with it. */
function read(text: string): ImageReference | string {
  if (text === '') return 'it is empty';
  if (/^[a-z]+:\/\//i.test(text)) return 'it is a URL; leave out the scheme';
  // Docker takes a bare image ID for an ID, never for a name.
  if (/^[a-f0-9]{64}$/.test(text)) return 'a name of 64 hexadecimal digits would be taken for an image ID';
  const { domain, rest } = splitDomain(text);
  const at = rest.indexOf('@');
  const named = at === -1 ? rest : rest.slice(0, at);
  const colon = named.indexOf(':');
  const path = colon === -1 ? named : named.slice(0, colon);
  const reference: ImageReference = { domain, path };
  const wrong = domainProblem(domain) ?? pathProblem(path);
  if (wrong !== undefined) return wrong;
  if (colon !== -1) {
    reference.tag = named.slice(colon + 1);
    if (!TAG.test(reference.tag)) return `${quote(reference.tag)} can't be a tag`;
  }
  if (at !== -1) {
    const digest = rest.slice(at + 1);
    if (!isDigest(digest)) return digestProblem(digest);
    reference.digest = digest;
  }
  return reference;
}

/** The first component is a host only where it can't be a namespace of Docker Hub. */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  let domain = slash !== -1 && isHost ? first : DEFAULT_DOMAIN;
  if (domain === 'index.docker.io') domain = DEFAULT_DOMAIN;
  const rest = slash !== -1 && isHost ? text.slice(slash + 1) : text;
  const official = domain === DEFAULT_DOMAIN && !rest.includes('/');
  return { domain, rest: official ? OFFICIAL + rest : rest };
}

function domainProblem(domain: string): string | undefined {
  return DOMAIN.test(domain) ? undefined : `${quote(domain)} can't be a registry's host`;
}

function pathProblem(path: string): string | undefined {
  if (path === '' || path === OFFICIAL) return 'it has no name';
  if (path.length > PATH_LIMIT) return `its name has more than ${PATH_LIMIT} characters`;
  if (path !== path.toLowerCase()) return 'the name must be lower case';
  if (PATH.test(path)) return undefined;
  const name = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path;
  return name.startsWith('[') ? "a name must follow the registry's host" : `${quote(name)} can't be a name`;
}

export function isDigest(text: string): text is Digest {
  return /^sha256:[a-f0-9]{64}$/.test(text);
}

/** Why a text is no digest that we take. */
export function digestProblem(text: string): string {
  const algorithm = /^([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*):/.exec(text)?.[1];
  if (algorithm !== undefined && algorithm !== 'sha256')
    return `only sha256 digests are supported, not ${algorithm}`;
  return 'a digest is "sha256:" and 64 lower case hexadecimal digits';
}

/** Enough of a digest for people to tell two apart. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
