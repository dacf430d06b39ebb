import { imagesNamed } from '../bake/instructions.ts';
import { contextName, shapeOf } from '../bake/own-dockerfile.ts';
import { imageOf, readStages } from '../bake/stages.ts';
import type { ImageReference } from '../image-ref.ts';
import type { Build, Lockfile } from '../model.ts';

/** An image that the project's own Dockerfile names, and that the bake file leaves as it is. */
export interface NamedImage {
  text: string;
  /** Undefined where the text is no reference. */
  reference: ImageReference | undefined;
  /** From 1; undefined where the lockfile has it. */
  line: number | undefined;
}

/** The frontend, and what FROM, COPY --from and RUN --mount=from name beside the stages. Throws E_BASE_NOT_USED. */
export function dockerfileImages(lockfile: Lockfile, build: Build, text: string): NamedImage[] {
  const shape = shapeOf(lockfile, build, text);
  const { stages, syntax } = readStages(text, build.args);
  // What the bake file's contexts stand for.
  const contexts = shape.kind === 'method' ? ['base', 'pkg-cache'] : shape.bases;
  const isOurs = ({ text, reference }: NamedImage) =>
    text === 'scratch' ||
    // The number of a stage.
    /^\d+$/.test(text) ||
    stages.some(({ name }) => name === text.toLowerCase()) ||
    contexts.includes(reference === undefined ? text : contextName(reference));
  const named = stages.flatMap(({ name, image, line, instructions }) => [
    ...(contexts.includes(name ?? '') ? [] : [namedImage(image, line)]),
    ...instructions
      .flatMap(imagesNamed)
      .filter((other) => other.image !== '')
      .map((other) => namedImage(other.image, other.line)),
  ]);
  const given = build.args?.['BUILDKIT_SYNTAX'];
  const frontend = given ?? syntax?.split(' ')[0];
  return [
    ...(frontend === undefined ? [] : [namedImage(frontend, given === undefined ? 1 : undefined)]),
    ...named.filter((image) => !isOurs(image)),
  ];
}

function namedImage(text: string, line: number | undefined): NamedImage {
  return { text, reference: imageOf(text), line };
}
