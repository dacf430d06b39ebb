import type { DiffResult } from '../../commands/diff.ts';
import type { Side } from '../../commands/diff-sides.ts';

/** Whether it is about states of one file, not about two files. */
export function isVersioned({ from, to }: DiffResult): boolean {
  return from === undefined || to === undefined || (from.id ?? to.id) !== undefined;
}

/** `main (1a2b3c4d5e6f)`, `working file`, or the names of two files. */
export function sideNames(result: DiffResult): [from: string, to: string] {
  const name = (side: Side | undefined): string => {
    if (side === undefined) return 'no lockfile';
    const id = side.id?.slice(0, 12);
    if (side.revision !== undefined) return `${side.revision} (${id})`;
    return id ?? (isVersioned(result) && side.path === result.file ? 'working file' : side.path);
  };
  return [name(result.from), name(result.to)];
}

/** The same image has another digest: its tag moved. */
export function baseWords({ base, intent }: DiffResult): string {
  const moved = base?.from !== undefined && base.to !== undefined;
  return moved && !intent.some(({ key }) => key === 'base.image') ? 'base moved' : 'base';
}
