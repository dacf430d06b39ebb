import { type Dockerfile, DockerfileParser } from 'dockerfile-ast';
import { ReproError } from '../errors.ts';
import { type ImageReference, parseImageReference } from '../image-ref.ts';
import { type Instruction, lineOf } from './instructions.ts';

/** A FROM and what follows it. */
export interface Stage {
  line: number;
  name: string | undefined;
  /** As FROM has it, with the build arguments put in. */
  image: string;
  instructions: Instruction[];
}

/** The stages of a Dockerfile's text, and the frontend image that `# syntax=` or BUILDKIT_SYNTAX asks for. */
export function readStages(
  text: string,
  args: Readonly<Record<string, string>> = {},
): { stages: Stage[]; syntax: string | undefined } {
  const dockerfile = DockerfileParser.parse(text);
  const known = globalArgs(dockerfile, args);
  const froms = new Map(dockerfile.getFROMs().map((from) => [lineOf(from), from]));
  const stages: Stage[] = [];
  for (const instruction of dockerfile.getInstructions()) {
    const from = froms.get(lineOf(instruction));
    if (from === undefined) stages.at(-1)?.instructions.push(instruction);
    else
      stages.push({
        line: lineOf(from),
        name: from.getBuildStage()?.toLowerCase(),
        image: expand(from.getImage() ?? '', known),
        instructions: [],
      });
  }
  const syntax = dockerfile
    .getDirectives()
    .find((directive) => directive.getName().toLowerCase() === 'syntax');
  return { stages, syntax: args['BUILDKIT_SYNTAX'] ?? syntax?.getValue().split(' ')[0] };
}

/** The reference that a FROM has; undefined for what is none, such as the name of a stage in capitals. */
export function imageOf(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof ReproError) return undefined;
    throw error;
  }
}

/** ARGs before the first FROM, the only ones that a FROM can use (Dockerfile reference, "Understand how ARG and FROM interact"). */
function globalArgs(dockerfile: Dockerfile, given: Readonly<Record<string, string>>): Map<string, string> {
  const args = new Map<string, string>();
  for (const arg of dockerfile.getInitialARGs()) {
    for (const property of arg.getProperties()) {
      args.set(property.getName(), given[property.getName()] ?? expand(property.getValue() ?? '', args));
    }
  }
  return args;
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` (Dockerfile reference, "Environment replacement"). */
function expand(text: string, args: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g, (_match, bare, braced, operator, word) => {
    const value = args.get(bare ?? braced) ?? '';
    if (operator === '-') return value || word;
    if (operator === '+') return value && word;
    return value;
  });
}
