import type { Problem } from '../../errors.ts';
import {
  familiarImageReference,
  type ImageReference,
  parseImageReference,
  shortDigest,
} from '../../image-ref.ts';
import type { Digest, Lockfile } from '../../model.ts';
import type { Registry } from '../../ports.ts';
import { isKept, keepTag } from '../keep.ts';
import { repro } from '../project.ts';
import { type Finding, fine, found, thrown } from './finding.ts';

type Part = 'base' | 'cache';

/** Whether the registry has what the lockfile says, and a tag that keeps it. */
export async function checkImage(
  part: Part,
  { [part]: { image, digest } }: Lockfile,
  file: string,
  registry: Registry,
): Promise<Finding[]> {
  const reference = parseImageReference(image);
  const name = familiarImageReference(reference);
  try {
    const [tagged, pinned] = await Promise.all([
      registry.head(reference),
      digest === undefined ? undefined : registry.head({ ...reference, digest }),
    ]);
    const login = await loginOf(reference, registry);
    if (digest === undefined) return [unpinned(part, name, tagged?.digest, login)];
    if (pinned === undefined) return [found(part, 'error', gone(part, name, digest, file))];
    if (tagged?.digest === digest)
      return [fine(part, `${name} is ${shortDigest(digest)}, as pinned (${login})`)];
    if (part === 'cache' && (await isKept(reference, digest, registry)))
      return [fine(part, `${name} as pinned is kept by the tag ${keepTag(digest)} (${login})`)];
    return [found(part, 'warning', loose(part, reference, digest, tagged?.digest, file))];
  } catch (error) {
    const findings = thrown(part, error);
    const isDenied = findings[0]?.code === 'E_REGISTRY_DENIED';
    const login = isDenied ? ` (${await loginOf(reference, registry)})` : '';
    return findings.map((finding) => ({
      at: { file, key: `${part}.image` },
      ...finding,
      message: `${finding.message}${login}`,
    }));
  }
}

async function loginOf({ domain }: ImageReference, registry: Registry): Promise<string> {
  const source = await registry.login(domain);
  return source === undefined ? 'without a login' : `with the login from ${source}`;
}

function unpinned(part: Part, name: string, tagged: Digest | undefined, login: string): Finding {
  if (tagged !== undefined) return fine(part, `${name} is there, and not pinned yet (${login})`);
  if (part === 'cache') return fine(part, `the registry answers, and has no ${name} yet (${login})`);
  const message = `the registry has no ${name}`;
  return found(part, 'error', {
    code: 'E_NO_SUCH_IMAGE',
    message,
    hint: 'correct `base.image` in the lockfile',
  });
}

function gone(part: Part, name: string, digest: Digest, file: string): Problem {
  return {
    code: 'E_NO_SUCH_IMAGE',
    message: `the registry does not have ${name} with the pinned digest ${shortDigest(digest)} any more`,
    at: { file, key: `${part}.digest` },
    hint: `run ${repro('update', file)}${part === 'base' ? ' --base' : ''}`,
  };
}

/** Pinned and there, but what no tag holds a registry may throw away one day. */
function loose(
  part: Part,
  reference: ImageReference,
  digest: Digest,
  tagged: Digest | undefined,
  file: string,
): Problem {
  const name = familiarImageReference(reference);
  const at = { file, key: `${part}.digest` };
  const state =
    tagged === undefined
      ? `the registry has no tag ${name} any more`
      : `${name} is another image by now: ${shortDigest(tagged)}, where the lockfile has ${shortDigest(digest)}`;
  if (part === 'base') {
    const code = tagged === undefined ? 'E_UNTAGGED' : 'E_BASE_MOVED';
    return { code, message: state, at, hint: `to move to what it is today: ${repro('update', file)} --base` };
  }
  return {
    code: tagged === undefined ? 'E_UNTAGGED' : 'E_CACHE_MOVED',
    message: `${state}: what no tag leads to, a registry may delete`,
    at,
    hint:
      tagged === undefined
        ? `give it a tag of its own: ${repro('verify', file)} --keep`
        : `to pin what the tag has: ${repro('lock', file)}; to keep what is pinned: ${repro('verify', file)} --keep`,
  };
}
