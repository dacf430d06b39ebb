import { ReproError } from '../errors.ts';
import {
  familiarImageReference,
  formatImageReference,
  type ImageReference,
  parseImageReference,
} from '../image-ref.ts';
import type { Build, Lockfile } from '../model.ts';
import { imageOf, readStages } from './stages.ts';

/** How the packages get into a project's own Dockerfile. */
export type Shape =
  /** It has the stages `base`, `pkg-cache-local` and `pkg-cache`, and does it all itself. */
  | { kind: 'method' }
  /** These names of the locked base in it are to stand for the base with the packages. */
  | { kind: 'plain'; bases: string[] };

const methodStages = ['base', 'pkg-cache-local', 'pkg-cache'];

/** Throws E_BASE_NOT_USED where no FROM names the locked base: the packages would be left out without a word. */
export function shapeOf(lockfile: Lockfile, build: Build, text: string): Shape {
  const { stages } = readStages(text, build.args);
  if (methodStages.every((name) => stages.some((stage) => stage.name === name))) return { kind: 'method' };

  const base = parseImageReference(lockfile.base.image);
  const bases: string[] = [];
  for (const stage of stages) {
    const reference = imageOf(stage.image);
    if (reference === undefined || !sameTag(reference, base)) continue;
    if (reference.digest !== undefined && reference.digest !== lockfile.base.digest) {
      throw new ReproError({
        code: 'E_BASE_NOT_USED',
        message: `FROM pins ${familiarImageReference(base)} to ${reference.digest}, and the lockfile to ${lockfile.base.digest ?? 'nothing yet'}`,
        at: { file: build.dockerfile, line: stage.line },
        hint: 'take the digest out of the FROM line: repro.lock has it',
      });
    }
    bases.push(contextName(reference));
  }
  if (bases.length === 0) {
    const seen = stages.map((stage) => stage.image).join(', ');
    throw new ReproError({
      code: 'E_BASE_NOT_USED',
      message: `no FROM names the locked base ${familiarImageReference(base)}, so the packages would be left out (found: ${seen || 'no FROM'})`,
      at: { file: build.dockerfile, line: stages[0]?.line ?? 1 },
      hint: 'set base.image in the lockfile to what the FROM line says, then run repro lock',
    });
  }
  return { kind: 'plain', bases: [...new Set(bases)].sort() };
}

/** The key that BuildKit looks a FROM up by (frontend/dockerui/namedcontext.go): the familiar form, without `:latest`. */
export function contextName(reference: ImageReference): string {
  return familiarImageReference(reference).replace(/:latest$/, '');
}

export function sameTag(a: ImageReference, b: ImageReference): boolean {
  const name = ({ domain, path, tag = 'latest' }: ImageReference) =>
    formatImageReference({ domain, path, tag });
  return name(a) === name(b);
}
