import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { tools as debianTools } from '../engine/debian.ts';
import type { Store } from '../engine/engine.ts';
import { startRegistry } from '../engine/registry.ts';
import { endRun, newRun } from '../engine/runs.ts';
import { createProject, engineOf, execute, lockProject, ok, type Project } from './project.ts';

const test = anyTest as TestFn;

interface Found {
  check: string;
  severity: string;
  code?: string;
  message: string;
  fix?: string;
}

/** All that is not well. */
async function complaints(t: ExecutionContext, project: Project): Promise<Found[]> {
  const { code, stdout, stderr } = await project.repro('doctor', '--json');
  t.is(stderr, '');
  const { findings }: { findings: Found[] } = JSON.parse(stdout);
  t.is(code, findings.some(({ severity }) => severity === 'error') ? 1 : 0, stdout);
  return findings.filter(({ severity }) => severity !== 'ok');
}

const codes = (list: readonly Found[]) =>
  list.map(({ severity, check, code }) => `${severity} ${check} ${code}`);

/** `repro doctor` against the real docker and registry. */
export function doctorTests(store: Store): void {
  const engine = engineOf(store);
  let project: Project;
  test.after.always(() => project?.remove());

  test.serial(`${store}: doctor: healthy on one screen, and what can go wrong`, async (t) => {
    const base = `${engine.registry}/debian:trixie-slim`;
    project = await createProject(engine);
    await lockProject(t, project, { name: 'doctor', base: 'debian:trixie-slim', packages: ['hello'] });
    const healthy = await ok(t, project.repro('doctor'));
    // The page shows the same, of another machine.
    const plain = (text: string) =>
      text
        .replaceAll(`${engine.registry}/doctor`, 'registry.example/team/app')
        .replaceAll(`${engine.registry}/`, '')
        .replace(/"[\w-]+" \([\w-]+\)/, '"default" (docker)')
        .replace(/^(ok {7}image store {2}).*/m, '$1containerd')
        .replace(/"[\w-]+" builds/, '"default" builds')
        .replace(/\(with.*\)$/gm, '(login)')
        .replace(/(docker|buildx|engine) +\d\S+$/gm, '$1 VERSION')
        .replace(/sha256:\w{12}/g, 'DIGEST')
        .replace(/: \d+ for/, ': N for');
    const [, shown = ''] = /```text\n(ok[\s\S]*?)```/.exec(await readFile('docs/doctor.md', 'utf8')) ?? [];
    t.is(plain(healthy.stdout), plain(shown));
    t.regex(healthy.stdout, store === 'classic' ? /image store {2}classic/ : /image store {2}containerd/);
    const lockfile = await project.read('repro.lock');

    // Several at once: what is asked for changed, the base is nowhere, the Dockerfile downloads.
    await project.write(
      'Dockerfile',
      'FROM 127.0.0.1:1/debian:1\nRUN apt-get update && apt-get install -y jq\n',
    );
    await project.write(
      'repro.lock',
      lockfile
        .replace('"hello"', '"hello", "jq"')
        .replace('[base]', '[build]\ndockerfile = "Dockerfile"\n\n[base]')
        .replace(base, '127.0.0.1:1/debian:1'),
    );
    t.deepEqual(codes(await complaints(t, project)), [
      'warning lockfile E_STALE',
      'error bake file E_OUT_OF_DATE',
      'warning Dockerfile E_DOWNLOAD',
      'error base E_REGISTRY_UNREACHABLE',
    ]);
    await project.write('repro.lock', lockfile);
    // Without an engine, the rest is looked at nevertheless.
    const args = ['dist/main.js', 'doctor', '-f', join(project.folder, 'repro.lock')];
    const run = await execute(process.execPath, args, {
      env: { ...process.env, ...engine.env, NO_COLOR: '1', DOCKER_HOST: 'tcp://127.0.0.1:1' },
    });
    t.is(run.code, 1);
    t.regex(run.stdout, /^error {4}engine {7}no docker engine answers \[E_NO_ENGINE\]$/m);
    t.regex(run.stdout, /^ok {7}cache /m);

    // Somebody pushes something else under the cache's tag.
    const cache = `${engine.registry}/doctor:v1-pkg-cache`;
    await ok(t, project.docker('buildx', 'imagetools', 'create', '-t', cache, base));
    t.deepEqual(codes(await complaints(t, project)), ['warning cache E_CACHE_MOVED']);
  });

  // It has nothing to do with the store.
  if (store !== 'containerd') return;

  test.serial(`${store}: doctor: a registry with a login, with and without credentials`, async (t) => {
    const { env } = await debianTools();
    const current = await newRun();
    t.teardown(() => endRun(current, env));
    const { host } = await startRegistry(current, env, { htpasswd: { someone: 'secret-word' } });
    const lockfile = await project.read('repro.lock');
    await project.write(
      'repro.lock',
      lockfile.replace(`${engine.registry}/doctor:v1-`, `${host}/doctor:v1-`),
    );
    await ok(t, project.repro('generate'));
    const [denied] = await complaints(t, project);
    t.like(denied, {
      code: 'E_REGISTRY_DENIED',
      fix: `run \`docker login ${host}\`, and check the image's name`,
    });
    t.true(denied?.message.endsWith('(without a login)'), denied?.message);

    const folder = join(project.folder, 'config');
    await mkdir(folder);
    const auth = (password: string) => Buffer.from(`someone:${password}`).toString('base64');
    const doctor = async (password: string) => {
      await writeFile(
        join(folder, 'config.json'),
        JSON.stringify({ auths: { [host]: { auth: auth(password) } } }),
      );
      const args = ['dist/main.js', 'doctor', '-f', join(project.folder, 'repro.lock')];
      const { output } = await execute(process.execPath, args, {
        env: { ...process.env, ...engine.env, DOCKER_CONFIG: folder, NO_COLOR: '1' },
      });
      t.false(output.includes(password) || output.includes(auth(password)), output);
      return output;
    };
    t.true(
      (await doctor('wrong-word')).includes(
        `(with the login from auths in ${folder}/config.json) [E_REGISTRY_DENIED]`,
      ),
    );
    t.regex(
      await doctor('secret-word'),
      /^error {4}cache {8}the registry does not have \S+ with the pinned digest .* \[E_NO_SUCH_IMAGE\]$/m,
    );
  });
}
