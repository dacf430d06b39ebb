import type { Lockfile } from '../model.ts';
import { cacheInputs } from './inputs.ts';
import { type At, below, type Report, top } from './read.ts';
import type { Draft } from './shape.ts';

/**
 * Whether the pins that `repro lock` writes together are there together. Nothing is said where they are merely
 * old: an intent that was edited since is an everyday state (`cache.inputs` shows it).
 */
export function checkPins(
  draft: Draft,
  incomplete: 'refuse' | 'drop',
  broken: boolean,
  report: Report,
): void {
  const faults = broken ? [] : [...pinFaults(draft)];
  if (faults.length === 0) return;
  if (incomplete === 'refuse') {
    for (const { message, at } of faults) {
      report({ code: 'E_PINS_INCOMPLETE', message, at, hint: '`repro lock` reads the pins anew' });
    }
    return;
  }
  delete draft.cache?.digest;
  delete draft.cache?.inputs;
  delete draft.platform;
}

function* pinFaults(draft: Draft): Generator<{ message: string; at: At }> {
  const platform = top('platform');
  const pins: [name: string, at: At, isThere: boolean][] = [
    ['`cache.digest`', below(top('cache'), 'digest'), draft.cache?.digest !== undefined],
    ['`cache.inputs`', below(top('cache'), 'inputs'), draft.cache?.inputs !== undefined],
    ['`[[platform]]`', platform, draft.platform !== undefined],
  ];
  const present = pins.filter(([, , isThere]) => isThere);
  const [first] = present;
  if (first === undefined) return;
  for (const [name, at, isThere] of pins) {
    if (!isThere) yield { message: `${first[0]} is there and ${name} is not`, at };
  }
  if (draft.base?.digest === undefined) {
    yield { message: `${first[0]} is there and \`base.digest\` is not`, at: below(top('base'), 'digest') };
  } else if (present.length === pins.length) yield* platformFaults(draft, platform);
}

function* platformFaults(draft: Draft, at: At): Generator<{ message: string; at: At }> {
  const wanted = draft.platforms ?? [];
  const pinned = (draft.platform ?? []).map((pins) => pins?.name);
  const extra = pinned.findIndex((name) => !wanted.includes(name));
  const missing = wanted.find((name) => !pinned.includes(name));
  if (extra === -1 && missing === undefined) return;
  if (cacheInputs(draft as Lockfile) !== draft.cache?.inputs) return;
  if (missing !== undefined)
    yield { message: `${missing} is in \`platforms\` and has no \`[[platform]]\``, at };
  if (extra !== -1) {
    const message = `${pinned[extra]} has a \`[[platform]]\` and is not in \`platforms\``;
    yield { message, at: below(below(at, extra), 'name') };
  }
}
