import { diffLines } from 'diff';

/** Lines that only the second text has, and lines that only the first has. */
export function changedLines(before: string, after: string): { added: string[]; removed: string[] } {
  const changes = diffLines(`${before.trimEnd()}\n`, `${after.trimEnd()}\n`);
  const lines = (kind: 'added' | 'removed') =>
    changes.filter((change) => change[kind]).flatMap(({ value }) => value.trimEnd().split('\n'));
  return { added: lines('added'), removed: lines('removed') };
}
