import { Copy, type Dockerfile, DockerfileParser, From, Run } from 'dockerfile-ast';
import { contextName, expand, globalArgs, shapeOf, tryParse } from '../bake/own-dockerfile.ts';
import type { ImageReference } from '../image-ref.ts';
import type { Build, Lockfile } from '../model.ts';

/** An image that the project's own Dockerfile names, and that the bake file leaves as it is. */
export interface NamedImage {
  text: string;
  /** Undefined where the text is no reference. */
  reference: ImageReference | undefined;
  /** From 1. */
  line: number | undefined;
}

/** The frontend, and what FROM, COPY --from and RUN --mount=from name beside the stages. Throws E_BASE_NOT_USED. */
export function dockerfileImages(lockfile: Lockfile, build: Build, text: string): NamedImage[] {
  const shape = shapeOf(lockfile, build, text);
  const dockerfile = DockerfileParser.parse(text);
  const stages = dockerfile.getFROMs().map((from) => from.getBuildStage()?.toLowerCase());
  // What the bake file's contexts stand for.
  const contexts = shape.kind === 'method' ? ['base', 'pkg-cache'] : shape.bases;
  const isOurs = ({ text, reference }: NamedImage) =>
    text === 'scratch' ||
    stages.includes(text.toLowerCase()) ||
    contexts.includes(reference === undefined ? text : contextName(reference));
  const named = instructions(dockerfile, build, contexts).filter((image) => !isOurs(image));
  return [...frontend(dockerfile, build), ...named];
}

/** What translates the Dockerfile: BUILDKIT_SYNTAX, or `# syntax=` up to a space. */
function frontend(dockerfile: Dockerfile, { args }: Build): NamedImage[] {
  const directive = dockerfile.getDirectives().find((one) => one.getName().toLowerCase() === 'syntax');
  const text = args?.['BUILDKIT_SYNTAX'] ?? directive?.getValue().split(' ')[0];
  return text === undefined ? [] : [namedImage(text, args?.['BUILDKIT_SYNTAX'] ? undefined : directive)];
}

function instructions(dockerfile: Dockerfile, build: Build, contexts: readonly string[]): NamedImage[] {
  const args = globalArgs(dockerfile, build.args ?? {});
  return dockerfile.getInstructions().flatMap((instruction) => {
    if (instruction instanceof From) {
      const replaced = contexts.includes(instruction.getBuildStage()?.toLowerCase() ?? '');
      return replaced ? [] : [namedImage(expand(instruction.getImage() ?? '', args), instruction)];
    }
    const flags = instruction instanceof Copy || instruction instanceof Run ? instruction.getFlags() : [];
    const sources = flags.map((flag) =>
      flag.getName() === 'from' ? flag.getValue() : flag.getOption('from')?.getValue(),
    );
    // A number is that of a stage.
    return sources
      .filter((text) => text && !/^\d+$/.test(text))
      .map((text) => namedImage(text ?? '', instruction));
  });
}

function namedImage(
  text: string,
  place: { getRange(): { start: { line: number } } | null } | undefined,
): NamedImage {
  const line = place?.getRange()?.start.line;
  return { text, reference: tryParse(text), line: line === undefined ? undefined : line + 1 };
}
