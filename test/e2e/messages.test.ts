import test from 'ava';
import { tools as debianTools } from '../engine/debian.ts';
import { startRegistry } from '../engine/registry.ts';
import { endRun, newRun } from '../engine/runs.ts';
import { engines, newProject } from './project.ts';

/* What a person reads when the registry has bad news. */

const [engine] = engines();
const init = (base: string) => [
  'init',
  '--image',
  'registry.example/app:v1',
  '--base',
  base,
  '--package',
  'hello',
];

test('a tag that does not exist', async (t) => {
  if (engine === undefined) return t.fail('no engine');
  const project = await newProject(t, engine);
  const { code, stdout, stderr } = await project.repro(...init(`${engine.registry}/debian:no-such-tag`));
  t.is(code, 1);
  t.is(stdout, '');
  t.is(
    stderr,
    `error: the registry ${engine.registry} has no image ${engine.registry}/debian:no-such-tag [E_NO_SUCH_IMAGE]
  hint: check its name and tag, and that it was pushed
`,
  );
});

test('a registry that is down, and one that wants a login', async (t) => {
  if (engine === undefined) return t.fail('no engine');
  const project = await newProject(t, engine);
  const { env } = await debianTools();
  const current = await newRun();
  t.teardown(() => endRun(current, env));
  const { host, stop } = await startRegistry(current, env, { htpasswd: { someone: 'secret' } });

  const denied = await project.repro(...init(`${host}/debian:trixie`));
  t.is(denied.code, 1);
  t.is(
    denied.stderr,
    `error: the registry ${host} asks for a login [E_REGISTRY_DENIED]
  hint: run \`docker login ${host}\`, and check the image's name
`,
  );
  await stop();
  const down = await project.repro(...init(`${host}/debian:trixie`));
  t.is(down.code, 1);
  t.is(
    down.stderr,
    `error: can't reach the registry ${host}: connection refused [E_REGISTRY_UNREACHABLE]
  hint: check that the registry runs and that ${host} is its address
`,
  );
});
