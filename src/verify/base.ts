import { type Problem, quote } from '../errors.ts';
import { familiarImageReference, parseImageReference } from '../image-ref.ts';
import type { Lockfile } from '../model.ts';
import { inspectBase } from '../oci/base.ts';
import type { Registry } from '../ports.ts';

/** Whether the pinned base says of itself what the lockfile says of it. Throws what keeps it from being used. */
export async function checkBaseFacts(lockfile: Lockfile, registry: Registry): Promise<Problem[]> {
  const { base, platforms, distro } = lockfile;
  const reference = { ...parseImageReference(base.image), ...(base.digest && { digest: base.digest }) };
  const { pins } = await inspectBase(registry, reference, { platforms, distro });
  return (['release', 'created', 'user'] as const).flatMap((key) => {
    // Nothing is claimed where a lockfile that was written by hand says nothing; of the user, nothing means root.
    if (pins[key] === base[key] || (base[key] === undefined && key !== 'user')) return [];
    const has = (value: string | undefined) => (value === undefined ? 'nothing' : quote(value));
    const message = `the base ${familiarImageReference(reference)} has ${has(pins[key])} for \`base.${key}\`, and the lockfile ${has(base[key])}`;
    const hint = 'take `base.digest` out and run repro lock, which reads all of it anew';
    return [{ code: 'E_BASE_FACTS', message, hint }];
  });
}
