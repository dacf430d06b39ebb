import anyTest, { type TestFn } from 'ava';
import { createProject, type EngineFacts, lockProject, ok, type Project, type Wanted } from './project.ts';

const test = anyTest as TestFn;

export interface Attack {
  what: string;
  /** Lines of a POSIX shell, run on the base image in /cache, which has the cache's files. */
  change: string;
  /** What the error has to name. */
  names: RegExp;
}

export interface Victim extends Wanted {
  attacks: readonly Attack[];
  /** What the package manager says once it touches a package. */
  touched: RegExp;
  /** Where something else than the comparison with the lock has to refuse it. */
  error?: RegExp;
}

/** A locked project whose cache image somebody who can push changes, in each of the ways; `more` runs on the same project. */
export function attackTests(
  engine: EngineFacts,
  victim: Victim,
  more: (project: () => Project) => void = () => {},
): void {
  let project: Project;
  const title = (what: string) => `attacks on ${victim.name}: ${what}`;

  test.serial(title('none'), async (t) => {
    project = await createProject(engine);
    await lockProject(t, project, victim);
    await ok(t, project.bake('app', '--no-cache'));
  });

  for (const { what, change, names } of victim.attacks) {
    test.serial(title(what), async (t) => {
      const swapped = await swapCache(project, victim.name, change);
      // The digest in the bake file decides: what the tag leads to now changes nothing.
      await ok(t, project.bake('app', '--no-cache'));
      // And where someone leaves the digest out, the list in the install step does.
      const build = await project.bake(...withCache(swapped));
      t.not(build.code, 0);
      t.regex(build.output, names);
      t.regex(build.output, victim.error ?? /ERROR: the package cache is not what repro\.lock says/);
      t.notRegex(build.output, victim.touched);
      t.is((await project.repro('lock', '--check')).code, 1, 'the swap shows');
    });
  }

  more(() => project);

  test.serial(title('the end'), async (t) => {
    await project.remove();
    t.pass();
  });
}

/** bake's arguments for a build from another cache image. */
export function withCache(image: string): string[] {
  return ['app', '--no-cache', '--set', `app.contexts.pkg-cache=docker-image://${image}`];
}

/** Builds the changed cache, under the tag that the lockfile names, with the labels of the true one. */
export async function swapCache(project: Project, name: string, change: string): Promise<string> {
  const cache = `${project.engine.registry}/${name}:v1-pkg-cache`;
  const labels = /"(repro\.\w+)" = ("[^"]*")/g;
  const bake = await project.read('docker-bake.hcl');
  await project.write(
    'Dockerfile.evil',
    `FROM ${/"base" = "docker-image:\/\/([^"]+)"/.exec(bake)?.[1]} AS evil
COPY --from=cache / /cache/
COPY <<'EVIL' /evil.sh
set -eu
cd /cache
${change}
EVIL
RUN sh /evil.sh
FROM scratch
${[...bake.matchAll(labels)].map(([, key, value]) => `LABEL ${key}=${value}`).join('\n')}
COPY --from=evil /cache/ /
`,
  );
  const pinned = /"pkg-cache" = "docker-image:\/\/([^"]+)"/.exec(bake)?.[1];
  const built = await project.docker(
    'buildx',
    'build',
    '--no-cache',
    '--provenance=false',
    '--push',
    '-t',
    cache,
    '-f',
    'Dockerfile.evil',
    '--build-context',
    `cache=docker-image://${pinned}`,
    '.',
  );
  if (built.code !== 0) throw new Error(built.output);
  return cache;
}
