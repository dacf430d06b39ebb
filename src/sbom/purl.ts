import type { Family } from '../distro/family.ts';
import { type ImageReference, repositoryOf } from '../image-ref.ts';
import { compare } from '../lockfile/canonical.ts';
import type { Lockfile, Package } from '../model.ts';

/** The package URL of a package (purl-spec, types/{alpm,apk,deb,rpm}-definition.json). */
export function packagePurl(
  pkg: Package,
  { distro, base }: Lockfile,
  { purl: { type, namespaces } }: Family,
): string {
  // Only rpm tells upper case from lower case, and keeps the epoch out of the version.
  const rpm = type === 'rpm';
  const [, epoch, rest = pkg.version] = (rpm && /^(\d+):(.*)$/.exec(pkg.version)) || [];
  return format(type, namespaces?.[distro] ?? distro, rpm ? pkg.name : pkg.name.toLowerCase(), rest, {
    arch: pkg.arch,
    distro: base.release === undefined ? distro : `${distro}-${base.release}`,
    epoch,
    // Not in the purl specification: syft writes it and grype reads it. For rpm, it is the source package's
    // file name, which a lockfile does not have.
    upstream: rpm ? undefined : pkg.source,
  });
}

/** The package URL of an image (purl-spec, types/oci-definition.json): its name is the repository's last part. */
export function imagePurl(reference: ImageReference, arch?: string): string {
  const name = reference.path.slice(reference.path.lastIndexOf('/') + 1);
  return format('oci', undefined, name, reference.digest, {
    arch,
    repository_url: repositoryOf(reference),
    tag: reference.tag,
  });
}

/** purl-spec, "How to build": qualifiers by key, without the empty ones. */
function format(
  type: string,
  namespace: string | undefined,
  name: string,
  version: string | undefined,
  qualifiers: Record<string, string | undefined>,
): string {
  const path = [type, namespace, name].filter((part) => part !== undefined).map(encode);
  const query = Object.entries(qualifiers)
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encode(value)}`]));
  const tail = version === undefined ? '' : `@${encode(version)}`;
  return `pkg:${path.join('/')}${tail}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** All but letters, digits, `.-_~` and the colon (purl-spec, "Character encoding"). */
function encode(text: string): string {
  const escaped = encodeURIComponent(text).replaceAll('%3A', ':');
  return escaped.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
