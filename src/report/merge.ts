import type { MergeResult } from '../commands/merge.ts';

export function mergeText({ file, text, dropped }: MergeResult): string {
  if (text !== undefined) return text;
  return `merged ${file}, ${dropped.length === 0 ? 'with' : 'without'} its pins\n`;
}
