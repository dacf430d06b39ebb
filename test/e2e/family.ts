import anyTest, { type TestFn } from 'ava';
import { type Attack, attackTests, swapCache, type Victim, withCache } from './attacks.ts';
import { figure } from './figures.ts';
import { changedLines } from './lines.ts';
import { type EngineFacts, newProject, ok } from './project.ts';
import { checkReview } from './review.ts';
import { imageTree } from './tree.ts';
import { twice } from './twice.ts';

const test = anyTest as TestFn;

/** A package manager, and a base image with a repository in it: `greet` in two versions, what it needs, and others. */
export interface Variant {
  /** Of the images, and for people. */
  name: string;
  /** In the engine's registry. */
  base: string;
  /** What `init` says of the distro. */
  release: RegExp;
  /** Prints the package manager's version. */
  version: string;
  /** The request for greet 1.0. */
  old: string;
  /** Then: a newer greet, for which the base's package has to be newer; others; one that the base has already. */
  packages: readonly string[];
  /** The packages that the lockfile has more then: name and version. */
  locked: readonly string[];
  /** The RUN step of an online installation. */
  online(packages: string, epoch: string): string;
  /** Paths that may differ from it: "What differs" in the family's page of docs/. */
  differs: RegExp;
  /** Prints the package manager's database, the reasons of installation, and what scripts have written. */
  state: string;
  /** The end of that. */
  scripts(epoch: string): string;
}

/** The loop; its SBOM and policy; two builds; and the comparison with an online installation. */
export function familyTests(engine: EngineFacts, variant: Variant): void {
  const { name } = variant;
  test.serial(`${name}: the loop, twice the same, equal to an online installation`, async (t) => {
    const project = await newProject(t, engine);
    const base = `${engine.registry}/${variant.base}`;
    const image = `${engine.registry}/${name}:v1`;
    const run = (tag: string, ...command: string[]) =>
      ok(t, project.docker('run', '--rm', '--network=none', `${engine.registry}/${name}:${tag}`, ...command));

    const init = ['--image', image, '--base', base, '--package', variant.old];
    t.regex((await ok(t, project.repro('init', ...init))).output, variant.release);
    await ok(t, project.repro('update'));
    await ok(t, project.bake('app', '--no-cache'));
    t.is((await run('v1', 'greet')).stdout, 'greet 1.0\n');

    const before = await project.read('repro.lock');
    await ok(t, project.repro('remove', variant.old));
    await ok(t, project.repro('add', ...variant.packages));
    await ok(t, project.repro('update'));
    const { added, removed } = changedLines(before, await project.read('repro.lock'));
    t.deepEqual(removed.map(outline), ['packages', 'digest', 'inputs', 'greet 1.0-1']);
    t.deepEqual(added.map(outline), ['packages', 'digest', 'inputs', ...variant.locked]);

    await checkReview(t, project, before);
    const same = await twice(t, project, name);
    t.is((await run('v1', 'greet')).stdout, 'greet 1.1\n');

    const epoch = /"SOURCE_DATE_EPOCH" = "(\d+)"/.exec(await project.read('docker-bake.hcl'))?.[1] ?? '';
    const step = variant.online(variant.packages.map((name) => `'${name}'`).join(' '), epoch);
    await project.write('Dockerfile.online', `FROM ${base}\nARG SOURCE_DATE_EPOCH=${epoch}\nRUN ${step}\n`);
    const online = `${engine.registry}/${name}:online`;
    await ok(t, project.docker('buildx', 'build', '--push', '-t', online, '-f', 'Dockerfile.online', '.'));
    const [ours, theirs] = [await imageTree(project, image), await imageTree(project, online)];
    const difference = changedLines(theirs.join('\n'), ours.join('\n'));
    const paths = [...difference.added, ...difference.removed].map((line) => line.split(' ')[0] ?? '');
    t.deepEqual(
      paths.filter((path) => !variant.differs.test(path)),
      [],
    );
    const here = (await run('v1', 'sh', '-c', variant.state)).stdout;
    t.is(here, (await run('online', 'sh', '-c', variant.state)).stdout);
    t.true(here.endsWith(variant.scripts(epoch)), here);

    const version = (await run('v1', 'sh', '-c', variant.version)).stdout.split('\n')[0] ?? '';
    await figure({ name, version, ...same, files: ours.length, differ: [...new Set(paths)].sort() });
  });
}

/** The changed line of a lockfile, without what differs from run to run. */
function outline(line: string): string {
  const parts = /^\s*(?:\{ name = "([^"]+)", version = "([^"]+)"|(\w+) =)/.exec(line)?.slice(1) ?? [line];
  return parts.join(' ').trim();
}

export interface FamilyVictim extends Omit<Victim, 'packages'> {
  /** Attacks that change greet 1.1, with what refuses them where the lockfile has the changed file's hash as well. */
  withLock: readonly [attack: Attack, refused: RegExp][];
  /** Changes of the inventory, which must change nothing. */
  lie: string;
}

/** The attacks on a locked `greet`. */
export function familyAttackTests(engine: EngineFacts, { withLock, lie, ...victim }: FamilyVictim): void {
  const { name } = victim;
  const attacks = [...victim.attacks, ...withLock.map(([attack]) => attack)];
  attackTests(engine, { ...victim, packages: ['greet'], attacks }, (project) => {
    for (const [{ what, change }, refused] of withLock) {
      test.serial(`attacks on ${name}: ${what}, in the lockfile as well`, async (t) => {
        const swapped = await swapCache(project(), name, change);
        const { output } = await project().bake(...withCache(swapped));
        const [, locked = '', found = ''] =
          /-([0-9a-f]{64}) {2}greet[-_]1\.1[\s\S]*\+([0-9a-f]{64}) {2}greet[-_]1\.1/.exec(output) ?? [];
        t.truthy(found, output);
        const bake = await project().read('docker-bake.hcl');
        await project().write('docker-bake.hcl', bake.replace(locked, found));
        const build = await project().bake(...withCache(swapped));
        await project().write('docker-bake.hcl', bake);
        t.not(build.code, 0);
        t.regex(build.output, refused);
        t.notRegex(build.output, victim.touched);
      });
    }

    test.serial(
      `attacks on ${name}: an inventory that lies about true packages changes nothing`,
      async (t) => {
        const image = `${engine.registry}/${name}:v1`;
        const id = async () => (await ok(t, project().docker('inspect', '-f', '{{.Id}}', image))).stdout;
        await ok(t, project().bake('app', '--no-cache'));
        const before = await id();
        await ok(t, project().bake(...withCache(await swapCache(project(), name, lie))));
        t.is(await id(), before);
      },
    );
  });
}
