import type { Dockerfile, JSONInstruction, ModifiableInstruction } from 'dockerfile-ast';

export type Instruction = ReturnType<Dockerfile['getInstructions']>[number];

/** Counted from 1. */
export function lineOf(instruction: Pick<Instruction, 'getRange'>): number {
  return instruction.getRange().start.line + 1;
}

/** `--name`, or `--name=value`. */
export function hasFlag(instruction: Instruction, name: string, value?: string): boolean {
  return flagsOf(instruction).some(
    (flag) => flag.getName() === name && (value === undefined || flag.getValue() === value),
  );
}

/** The images or stages that COPY --from= and RUN --mount=from= name. */
export function imagesNamed(instruction: Instruction): { image: string; line: number }[] {
  return flagsOf(instruction)
    .flatMap((flag) => [flag, ...flag.getOptions()])
    .filter((flag) => flag.getName() === 'from')
    .map((flag) => ({ image: flag.getValue() ?? '', line: lineOf(instruction) }));
}

/** What a RUN gives to the shell, or runs without one. */
export function shellText(instruction: Instruction): string {
  const strings = isJson(instruction) ? instruction.getJSONStrings() : [];
  if (strings.length > 0) return strings.map((part) => part.getJSONValue()).join(' ');
  return instruction.getArgumentsContent() ?? '';
}

function flagsOf(instruction: Instruction) {
  return isModifiable(instruction) ? instruction.getFlags() : [];
}

function isModifiable(instruction: Instruction): instruction is ModifiableInstruction {
  return 'getFlags' in instruction;
}

function isJson(instruction: Instruction): instruction is JSONInstruction {
  return 'getJSONStrings' in instruction;
}
