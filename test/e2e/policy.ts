import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { coerce, satisfies } from 'semver';
import {
  engineOf,
  execute,
  lockedProject,
  lockProject,
  manifestOf,
  newProject,
  ok,
  type Project,
  type Result,
} from './project.ts';

const test = anyTest as TestFn;

/** `docker …` as a person has it who made policy.json and set the variable. */
export function underPolicy({ engine, folder }: Project, ...args: string[]): Promise<Result> {
  const policy = { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: 'policy.json', BUILDKIT_PROGRESS: 'plain' };
  return execute('docker', args, { cwd: folder, env: { ...process.env, ...engine.env, ...policy } });
}

/** Builds under the policy that `repro policy` made, and the registry's own word on what is refused. */
export function policyTests(): void {
  const engine = engineOf('containerd');
  const { registry } = engine;

  const bake = (project: Project, ...args: string[]) =>
    underPolicy(project, 'buildx', 'bake', '-f', 'docker-bake.hcl', ...args);

  /** Dockerfiles of a locked project, without and with an error. */
  async function builds(t: ExecutionContext, project: Project, run: (context: string) => Promise<Result>) {
    const [base, other, cache] = await Promise.all([
      manifestOf(engine, 'debian', 'trixie-slim'),
      manifestOf(engine, 'debian', 'bookworm-slim'),
      manifestOf(engine, 'policy', 'v1-pkg-cache'),
    ]);
    const cases: [dockerfile: string, denied?: string][] = [
      [`FROM ${registry}/debian@${base.digest}`],
      [`FROM ${registry}/debian:trixie-slim@${base.digest}`],
      [`FROM scratch\nCOPY --from=${registry}/policy@${cache.digest} / /`],
      [`FROM ${registry}/debian:trixie-slim`, `docker-image://${registry}/debian:trixie-slim`],
      [`FROM ${registry}/debian:bookworm-slim`, `docker-image://${registry}/debian:bookworm-slim`],
      [`FROM ${registry}/debian@${other.digest}`, `docker-image://${registry}/debian@${other.digest}`],
      // Another tag beside the pinned digest: a name that nobody reviewed.
      [
        `FROM ${registry}/debian:other@${base.digest}`,
        `docker-image://${registry}/debian:other@${base.digest}`,
      ],
      // The right digest in another repository.
      [`FROM ${registry}/policy@${base.digest}`, `docker-image://${registry}/policy@${base.digest}`],
      ['FROM other.example/debian:1', 'docker-image://other.example/debian:1'],
      [`FROM scratch\nCOPY --from=${registry}/policy:v1 / /`, `docker-image://${registry}/policy:v1`],
      [`# syntax=${registry}/policy:v1\nFROM scratch`, `docker-image://${registry}/policy:v1`],
      [`FROM scratch\nADD http://${registry}/v2/ /`, `http://${registry}/v2/`],
    ];
    for (const [dockerfile, denied] of cases) {
      await project.write('Dockerfile', `${dockerfile}\n`);
      const { code, output } = await run('.');
      t.is(code, denied === undefined ? 0 : 1, `${dockerfile}\n${output}`);
      if (denied !== undefined)
        t.true(output.includes(`source "${denied}" `) && /policy/.test(output), output);
    }
  }

  test.serial('policy: what the lockfile pins is built, and nothing else', async (t) => {
    const project = await lockedProject(t, engine, {
      name: 'policy',
      base: 'debian:trixie-slim',
      packages: ['hello'],
    });
    await ok(t, project.repro('policy', '-o', 'policy.json'));
    await ok(t, bake(project, 'app', '--no-cache'));
    await ok(t, bake(project, 'pkg-cache'));
    const moved = await bake(
      project,
      'app',
      '--set',
      `app.contexts.base=docker-image://${registry}/debian:trixie-slim`,
    );
    t.is(moved.code, 1);
    t.regex(moved.output, /denied by policy/);
    await builds(t, project, (context) => underPolicy(project, 'buildx', 'build', '-q', context));

    // Rego needs a newer buildx than Debian's engines have.
    if (!satisfies(coerce(engine.buildx) ?? '0.0.0', '>=0.31')) return;
    await ok(t, project.repro('policy', '--format', 'rego', '-o', 'policy.rego'));
    await builds(t, project, (context) =>
      project.docker('buildx', 'build', '-q', '--policy', 'filename=policy.rego,strict=true', context),
    );
  });

  test.serial("policy: the project's own Dockerfile", async (t) => {
    const project = await newProject(t, engine);
    const { digest } = await manifestOf(engine, 'debian', 'bookworm-slim');
    const dockerfile = (from: string) =>
      `FROM ${registry}/debian${from} AS other\nFROM ${registry}/debian:trixie-slim\nCOPY --from=other /etc/os-release /other\nADD http://${registry}/v2/ /page\n`;
    await project.write('Dockerfile', dockerfile(`@${digest}`));
    const wanted = { name: 'policy-own', base: 'debian:trixie-slim', packages: ['hello'] };
    await lockProject(t, project, wanted, '--dockerfile', 'Dockerfile');
    t.is((await ok(t, project.repro('policy', '-o', 'policy.json'))).stderr, '');
    await ok(t, bake(project, 'app'));

    await project.write('Dockerfile', dockerfile(':bookworm-slim'));
    const { stderr } = await ok(t, project.repro('policy', '-o', 'policy.json'));
    t.regex(
      stderr,
      /bookworm-slim" without a digest, and the policy refuses it \[E_UNPINNED_IMAGE\]\n {2}at: Dockerfile:1\n/,
    );
    const { code, output } = await bake(project, 'app');
    t.is(code, 1);
    t.regex(output, /debian:bookworm-slim" denied by policy/);
  });
}
