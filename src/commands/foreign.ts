import { dirname, join } from 'node:path';
import { generatedMark } from '../bake/index.ts';
import type { Problem } from '../errors.ts';
import { ReproError } from '../errors.ts';
import type { Files } from '../ports.ts';
import { DEFAULT_BAKE_FILE } from './defaults.ts';
import { repro } from './project.ts';

/** What bake reads and merges by itself where no -f is given, compose files aside. */
const MERGED = [
  'docker-bake.json',
  'docker-bake.hcl',
  'docker-bake.override.json',
  'docker-bake.override.hcl',
];

/** Throws E_NOT_OURS where the file is there and `repro` did not write it. */
export async function checkOurs(
  path: string,
  text: string,
  names: readonly string[],
  file: string,
): Promise<void> {
  if (text.startsWith(generatedMark)) return;
  const clash = await clashing(path, text, names);
  const other = path.endsWith(DEFAULT_BAKE_FILE) ? join(dirname(path), 'repro-bake.hcl') : DEFAULT_BAKE_FILE;
  throw new ReproError({
    code: 'E_NOT_OURS',
    message: `${path} was not written by repro and is left alone${clash.length === 0 ? '' : `; it has names of ours: ${clash.join(', ')}`}`,
    at: { file: path },
    hint: `choose another file: ${repro('generate', file)} -o ${other}`,
  });
}

/** A warning for each bake file beside ours that bake would merge with it where no -f is given. */
export async function mergedFiles(path: string, names: readonly string[], files: Files): Promise<Problem[]> {
  const folder = dirname(path);
  const ours = MERGED.find((name) => join(folder, name) === path);
  if (ours === undefined) return [];
  const warnings: Problem[] = [];
  for (const name of (await files.list(folder)).filter((name) => name !== ours && MERGED.includes(name))) {
    const other = join(folder, name);
    const clash = await clashing(other, (await files.read(other)) ?? '', names);
    if (clash.length > 0)
      warnings.push({
        code: 'E_NAME_CLASH',
        message: `${other} has names of ours, which bake merges where no -f is given: ${clash.join(', ')}`,
        at: { file: other },
        hint: `give the file when you bake: docker buildx bake -f ${ours}`,
      });
  }
  return warnings;
}

/** `target "app"` and the like: what the file defines under one of the names. */
async function clashing(path: string, text: string, names: readonly string[]): Promise<string[]> {
  // The parser takes half a second to load.
  if (!names.some((name) => text.includes(name))) return [];
  const content = path.endsWith('.json') ? parseJson(text) : await parseHcl(text);
  return (['target', 'group'] as const).flatMap((kind) => {
    const defined = content[kind];
    const own = typeof defined === 'object' && defined !== null ? Object.keys(defined) : [];
    return own.filter((name) => names.includes(name)).map((name) => `${kind} "${name}"`);
  });
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null ? { ...content } : {};
  } catch {
    return {};
  }
}

/** Content that is no HCL comes back as null, with an empty error. At run time the package has only a default export. */
async function parseHcl(text: string): Promise<Record<string, unknown>> {
  const { default: hcl } = (await import('hcl2-parser')) as unknown as {
    default: { parseToObject(text: string): [Record<string, unknown> | null, unknown] };
  };
  return hcl.parseToObject(text)[0] ?? {};
}
