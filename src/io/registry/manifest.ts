import { ReproError } from '../../errors.ts';
import { isDigest } from '../../image-ref.ts';
import type { Descriptor, ImageIndex, ImageManifest } from '../../ports.ts';
import { clean } from './text.ts';

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\b/;

/** All four must be asked for: with fewer, a registry may say 404, or answer with one platform's manifest. */
export const acceptedTypes = [...indexTypes, ...manifestTypes];

/** Without parameters, in lower case. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/**
 * Reads a manifest or an index whose bytes were checked. `name` is for messages. Throws E_UNSUPPORTED_MANIFEST where
 * it is of another type, E_INVALID_MANIFEST where its form is wrong, or such that others could read something else in it.
 */
export function readManifest(
  body: string,
  contentType: string | undefined,
  name: string,
): ImageManifest | ImageIndex {
  const served = mediaTypeOf(contentType);
  const json = parse(body);
  if (schema1.test(served) || (isObject(json) && json['schemaVersion'] === 1)) throw tooOld(name);
  if (!isObject(json)) {
    if (acceptedTypes.includes(served)) throw invalid(name, 'it is not a JSON object');
    throw unsupported(name, served);
  }
  const written = json['mediaType'] ?? served;
  if (typeof written !== 'string') throw invalid(name, 'mediaType is not a string');
  if (!acceptedTypes.includes(written)) throw unsupported(name, written);
  if (acceptedTypes.includes(served) && served !== written)
    throw invalid(name, 'its type is not the one it is served as');
  // image-spec, CVE-2021-41190: one text must not be both.
  if ('manifests' in json && ('layers' in json || 'config' in json))
    throw invalid(name, 'it is a manifest and an index at once');
  const list = (key: string): unknown[] => {
    const value = json[key];
    if (Array.isArray(value)) return value;
    throw invalid(name, `${key} is not a list`);
  };
  if (indexTypes.includes(written)) {
    const manifests = list('manifests').map((entry, i) => readEntry(entry, `manifests[${i}]`, name));
    return { mediaType: written, manifests };
  }
  const config = readDescriptor(json['config'], 'config', name);
  return {
    mediaType: written,
    config,
    layers: list('layers').map((entry, i) => readDescriptor(entry, `layers[${i}]`, name)),
  };
}

function readEntry(value: unknown, key: string, name: string): ImageIndex['manifests'][number] {
  const descriptor = readDescriptor(value, key, name);
  const platform = isObject(value) ? value['platform'] : undefined;
  if (!isObject(platform)) return descriptor;
  const { os, architecture, variant } = platform;
  if (typeof os !== 'string' || typeof architecture !== 'string') return descriptor;
  const more = typeof variant === 'string' && variant !== '' ? { variant } : {};
  return { ...descriptor, platform: { os, architecture, ...more } };
}

function readDescriptor(value: unknown, key: string, name: string): Descriptor {
  if (!isObject(value)) throw invalid(name, `${key} is missing`);
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string') throw invalid(name, `${key}.mediaType is not a string`);
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(name, `${key}.digest is not a sha256 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(name, `${key}.size is not a size`);
  return { mediaType, digest, size };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(name: string, why: string): ReproError {
  return new ReproError({
    code: 'E_INVALID_MANIFEST',
    message: `the manifest of ${name} is not valid: ${why}`,
  });
}

function tooOld(name: string): ReproError {
  return new ReproError({
    code: 'E_UNSUPPORTED_MANIFEST',
    message: `${name} is in Docker's old format, schema 1, which repro does not read`,
    hint: 'push the image again with a current Docker or buildx',
  });
}

function unsupported(name: string, type: string): ReproError {
  return new ReproError({
    code: 'E_UNSUPPORTED_MANIFEST',
    message: `${name} is no image: the registry serves it as ${type === '' ? 'nothing known' : clean(type)}`,
    hint: 'check the name, and that the host is a container registry',
  });
}
