import type { Files } from '../ports.ts';

/** What a command made: a file, or a text for standard output. */
export interface Output {
  /** `-` for standard output. */
  file: string;
  changed: boolean;
  /** Only where the file is `-`. */
  text?: string;
}

/** Writes where the file has another text. `path` is `-`, or undefined, for standard output. */
export async function writeOutput(path = '-', text: string, files: Files): Promise<Output> {
  if (path === '-') return { file: path, changed: false, text };
  const before = await files.read(path);
  if (before !== text) await files.write(path, text, before);
  return { file: path, changed: before !== text };
}
