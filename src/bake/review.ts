import { type Problem, quote } from '../errors.ts';
import { familiarImageReference, parseImageReference } from '../image-ref.ts';
import type { Build, Lockfile } from '../model.ts';
import { downloadsOf } from './downloads.ts';
import { hasFlag, imagesNamed, lineOf, shellText } from './instructions.ts';
import { sameTag, shapeOf } from './own-dockerfile.ts';
import { imageOf, readStages, type Stage } from './stages.ts';

/** The stages that bake puts images in the place of, in a Dockerfile of the method's own shape. */
const replaced = ['base', 'pkg-cache'];

/**
 * What in the project's own Dockerfile undoes what the lockfile is for: downloads, images by tag, packages that the built
 * stage never sees. Throws E_BASE_NOT_USED.
 */
export function reviewDockerfile(lockfile: Lockfile, build: Build, text: string): Problem[] {
  const { kind } = shapeOf(lockfile, build, text);
  const { stages, syntax } = readStages(text, build.args);
  const contexts = kind === 'method' ? replaced : [];
  const used = usedStages(stages, build.target, contexts);
  const at = (line: number) => ({ file: build.dockerfile, line });
  const problems: Problem[] = [];
  if (syntax !== undefined)
    problems.push(
      ...tagged(syntax, at(1), `the line # syntax=${syntax}@sha256:…, or without it the builder's own`),
    );
  const base = parseImageReference(lockfile.base.image);
  const isBase = (image: string) => {
    const reference = imageOf(image);
    return reference !== undefined && sameTag(reference, base);
  };
  for (const stage of used) {
    if (contexts.includes(stage.name ?? '')) continue;
    const images = [{ image: stage.image, line: stage.line }, ...stage.instructions.flatMap(imagesNamed)];
    for (const { image, line } of images) {
      if (image === 'scratch' || isBase(image) || stageOf(stages, image) !== undefined) continue;
      problems.push(...tagged(image, at(line), `${familiar(image)}@sha256:…`));
    }
    for (const { line, what, hint } of downloads(stage)) {
      const message = `${what} gets from the network what no lockfile has`;
      problems.push({ code: 'E_DOWNLOAD', message, at: at(line), hint });
    }
  }
  const names = kind === 'method' ? contexts : [familiarImageReference(base)];
  const isUsed = (name: string) =>
    used.some((stage) => (kind === 'method' ? stage.name === name : isBase(stage.image)));
  for (const name of names.filter((name) => !isUsed(name))) {
    problems.push({
      code: 'E_UNUSED_CONTEXT',
      message: `the stage that is built has nothing of ${quote(name)}, so the packages are not in it`,
      at: at(used[0]?.line ?? 1),
      hint: 'correct `build.target` in the lockfile, or build that stage on it',
    });
  }
  return problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
}

/** The stage to build, and all that it is made of. */
function usedStages(
  stages: readonly Stage[],
  target: string | undefined,
  contexts: readonly string[],
): Stage[] {
  const start = target === undefined ? stages.at(-1) : stageOf(stages, target);
  const used = new Set<Stage>();
  const visit = (stage: Stage | undefined) => {
    if (stage === undefined || used.has(stage)) return;
    used.add(stage);
    // Of what an image takes the place of, nothing is built.
    if (contexts.includes(stage.name ?? '')) return;
    const before = stages.slice(0, stages.indexOf(stage));
    visit(stageOf(before, stage.image));
    for (const { image } of stage.instructions.flatMap(imagesNamed)) visit(stageOf(before, image));
  };
  visit(start);
  return [...used];
}

/** By its name or its number. */
function stageOf(stages: readonly Stage[], name: string): Stage | undefined {
  const found = stages.findLast((stage) => stage.name === name.toLowerCase());
  return found ?? (/^\d+$/.test(name) ? stages[Number(name)] : undefined);
}

function* downloads({ instructions }: Stage): Generator<{ line: number; what: string; hint: string }> {
  for (const instruction of instructions) {
    const line = lineOf(instruction);
    if (instruction.getKeyword() === 'ADD' && !hasFlag(instruction, 'checksum')) {
      for (const source of instruction.getArguments().slice(0, -1)) {
        const url = source.getValue();
        if (!/^(?:https?:\/\/|git@|ssh:\/\/)/.test(url) || /#[0-9a-f]{40}(?::|$)/.test(url)) continue;
        const hint =
          'say what it must be: ADD --checksum=sha256:…; of a git repository the commit: #<40 digits>';
        yield { line, what: `ADD ${quote(url)}`, hint };
      }
    }
    if (instruction.getKeyword() !== 'RUN' || hasFlag(instruction, 'network', 'none')) continue;
    const found = downloadsOf(shellText(instruction));
    if (found.length === 0) continue;
    const names = [...new Set(found.map(({ command }) => command))].join(', ');
    const hint = found.every(({ isPackageManager }) => isPackageManager)
      ? 'run repro add NAME for each package that it installs, and take the line out'
      : 'ADD --checksum=sha256:… pins a file; what is in the build context needs no network';
    yield { line, what: `RUN ${names}`, hint };
  }
}

function tagged(image: string, at: Problem['at'], pinned: string): Problem[] {
  const reference = imageOf(image);
  if (reference === undefined || reference.digest !== undefined) return [];
  const name = familiarImageReference(reference);
  const hint = `docker buildx imagetools inspect ${name} tells its digest: write ${pinned}`;
  return [
    {
      code: 'E_UNPINNED_IMAGE',
      message: `${name} is not pinned: its tag may lead elsewhere tomorrow`,
      ...(at && { at }),
      hint,
    },
  ];
}

function familiar(image: string): string {
  const reference = imageOf(image);
  return reference === undefined ? image : familiarImageReference(reference);
}
