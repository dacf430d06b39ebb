import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DoctorResult } from '../../src/commands/doctor.ts';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { ReproError } from '../../src/errors.ts';
import { ask } from '../../src/io/docker/index.ts';
import { cacheInputs, parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import type { Lockfile } from '../../src/model.ts';
import type { DockerAnswer } from '../../src/ports.ts';
import { run } from '../../src/run.ts';
import { type Memory, memoryPorts } from '../helpers/ports.ts';

/* `repro doctor`, on what docker has been seen to print, and on registries in memory. */

const paint = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };
const rules = { familyOf, knownDistros };
const example = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const CACHE = 'registry.example/team/app:v1.2.3-pkg-cache';

interface Machine {
  engine?: string | null;
  buildx?: string;
  store?: 'containerd' | 'classic';
  inspect?: string;
}

const node = (rest: string) => `Name:   default
Driver: docker

Nodes:
Name:             default
Endpoint:         default
${rest}
Labels:
 org.mobyproject.buildkit.worker.executor: containerd
`;
const running = node(
  'Status:           running\nBuildKit version: v0.0.0+unknown\nPlatforms:        linux/amd64*, linux/amd64/v2, linux/arm64',
);
const container = (version: string) => `Name:          mine
Driver:        docker-container
Last Activity: 2026-11-24 10:00:00 +0000 UTC

Nodes:
Name:                  mine0
Endpoint:              unix:///var/run/docker.sock
Status:                running
BuildKit daemon flags: --allow-insecure-entitlement=network.host
BuildKit version:      ${version}
Platforms:             linux/amd64

Name:                  mine1
Endpoint:              tcp://elsewhere
Status:                running
Buildkit:              ${version}
Platforms:             linux/arm64, linux/arm/v7
`;

/** What docker 26.1 and buildx 0.13 print. */
function dockerOn({
  engine = '26.1.5+dfsg1',
  buildx = 'v0.13.1+ds1',
  store = 'containerd',
  inspect = running,
}: Machine) {
  const status =
    store === 'containerd'
      ? [['driver-type', 'io.containerd.snapshotter.v1']]
      : [['Backing Filesystem', 'extfs']];
  const answers: Record<string, DockerAnswer> = {
    'version --format {{json .}}': {
      code: engine === null ? 1 : 0,
      output: JSON.stringify({
        Client: { Version: '26.1.5+dfsg1' },
        Server: engine === null ? null : { Version: engine },
      }),
    },
    'info --format {{json .}}': {
      code: 0,
      output: JSON.stringify({ Driver: 'overlay2', DriverStatus: status }),
    },
    'buildx version': { code: buildx === '' ? 1 : 0, output: `github.com/docker/buildx ${buildx} 7884339\n` },
    'buildx inspect': { code: inspect === '' ? 1 : 0, output: inspect },
  };
  return (command: string): DockerAnswer => {
    const answer = answers[command];
    if (answer === undefined) throw new Error(`docker ${command}`);
    return answer;
  };
}

interface Setting {
  machine?: Machine;
  lockfile?: Partial<Lockfile>;
  files?: Record<string, string>;
}

/** A locked project, whose bake file is written, on a machine where all is well. */
async function healthy({ machine = {}, lockfile: more = {}, files = {} }: Setting = {}): Promise<Memory> {
  const ports = memoryPorts(files, undefined, dockerOn(machine));
  const base = ports.memory.push('debian:trixie-slim', { layers: [] });
  const cache = ports.memory.push(CACHE, { layers: [Buffer.from('cache')] });
  const { platform, ...rest } = { ...example, ...more };
  const lockfile: Lockfile = { ...rest, base: { ...rest.base, digest: base } };
  const inputs = cacheInputs(lockfile);
  if (inputs === undefined) throw new Error('no base');
  lockfile.cache = { image: CACHE, digest: cache, inputs };
  lockfile.platform = lockfile.platforms.map((name) => ({ name, packages: platform?.[0]?.packages ?? [] }));
  ports.texts.set('repro.lock', serializeLockfile(lockfile));
  const generated = await run(['generate'], ports, paint);
  if (generated.exitCode !== 0) throw new Error(generated.stderr);
  return ports;
}

async function doctor(ports: Memory, ...args: string[]) {
  const outcome = await run(['doctor', ...args], ports, paint);
  return { ...outcome, lines: outcome.stdout.split('\n') };
}

/** `severity check code message` of all that is not well. */
async function complaints(
  ports: Memory,
): Promise<{ exitCode: number; list: string[]; fixes: (string | undefined)[] }> {
  const { exitCode, stdout } = await doctor(ports, '--json');
  const { findings, errorCount, warningCount }: DoctorResult = JSON.parse(stdout);
  const bad = findings.filter(({ severity }) => severity !== 'ok');
  if (bad.length !== errorCount + warningCount) throw new Error('wrong counts');
  return {
    exitCode,
    list: bad.map(({ severity, check, code, message }) => `${severity} ${check} ${code} ${message}`),
    fixes: bad.map(({ fix }) => fix),
  };
}

const pick = ({ exitCode, list }: { exitCode: number; list: string[] }) => ({ exitCode, list });

test('all is well: one screen, nothing written', async (t) => {
  const ports = await healthy({
    files: { Dockerfile: 'FROM debian:trixie-slim\n' },
    lockfile: { build: { dockerfile: 'Dockerfile' } },
  });
  ports.memory.logins['registry.example'] = 'docker-credential-pass';
  const [base] = [ports.memory.tags.get('docker.io/library/debian:trixie-slim')];
  const cache = ports.memory.tags.get(CACHE);
  const before = new Map(ports.texts);
  const { exitCode, stdout, stderr } = await doctor(ports);
  t.deepEqual([exitCode, stderr], [0, '']);
  t.is(
    stdout,
    `ok       lockfile     repro.lock: all is pinned, and fits what is asked for; packages: 4 for linux/amd64
ok       bake file    docker-bake.hcl is what the lockfile gives
ok       Dockerfile   Dockerfile is built on the packages, and gets nothing else from the network
ok       docker       26.1.5+dfsg1
ok       buildx       0.13.1+ds1
ok       engine       26.1.5+dfsg1
ok       builder      "default" (docker)
ok       image store  containerd
ok       platforms    "default" builds for linux/amd64
ok       base         debian:trixie-slim is ${base?.slice(0, 19)}, as pinned (without a login)
ok       cache        ${CACHE} is ${cache?.slice(0, 19)}, as pinned (with the login from docker-credential-pass)

all is well
`,
  );
  t.deepEqual(ports.texts, before);
  t.deepEqual(new Set(ports.memory.asked.map((line) => line.split(' ')[0])), new Set(['HEAD']));
  t.is(ports.bakes.length, 0);
});

test('docker and its parts', async (t) => {
  const two = { platforms: ['linux/amd64', 'linux/arm64'] };
  const cases: [what: string, setting: Setting, exitCode: number, list: string[]][] = [
    [
      'no buildx',
      { machine: { buildx: '', inspect: '' } },
      1,
      ['error buildx E_NO_BUILDX docker has no buildx plugin'],
    ],
    [
      'old tools',
      { machine: { buildx: 'v0.7.0', engine: '20.10.24' } },
      1,
      [
        'error buildx E_OLD_BUILDX buildx 0.7.0 is too old for named contexts: 0.8.0; images without attestations (attest): 0.10.0',
        'error engine E_OLD_ENGINE engine 20.10.24 is too old for BuildKit with named contexts: 23.0.0; fixed times in images (SOURCE_DATE_EPOCH): 24.0.0',
      ],
    ],
    ['a pre-release is its release', { machine: { buildx: 'v0.10.0-rc1', engine: '29.0.0-rc.1' } }, 0, []],
    [
      'an engine that lacks something',
      { machine: { engine: '23.0.6' } },
      0,
      [
        'warning engine E_OLD_ENGINE engine 23.0.6 is too old for fixed times in images (SOURCE_DATE_EPOCH): 24.0.0',
      ],
    ],
    [
      'no engine',
      {
        machine: {
          engine: null,
          inspect: 'Name:   default\nDriver: \nError:  Cannot connect to the Docker daemon\n',
        },
      },
      1,
      ['error engine E_NO_ENGINE no docker engine answers'],
    ],
    [
      'no engine, and a builder that needs none',
      { machine: { engine: null, inspect: container('v0.13.2').replace('docker-container', 'remote') } },
      0,
      [],
    ],
    [
      'a builder of its own, and an old engine',
      { machine: { engine: '20.10.0', inspect: container('v0.13.2') }, lockfile: two },
      0,
      [],
    ],
    [
      'an old BuildKit',
      { machine: { inspect: container('v0.9.3') } },
      1,
      [
        'error builder E_OLD_BUILDKIT BuildKit 0.9.3 is too old for named contexts: 0.10.0; fixed times in images (SOURCE_DATE_EPOCH): 0.11.0',
      ],
    ],
    [
      'a builder that is not running',
      {
        machine: {
          inspect: container('')
            .replaceAll('running', 'inactive')
            .replaceAll(/Platforms.*\n/g, ''),
        },
      },
      0,
      [
        'warning builder E_BUILDER the builder "mine" (docker-container) is not running, so what it can do is not known',
      ],
    ],
    [
      'a builder that is broken',
      { machine: { inspect: node('Error:            \u001b[31mno route').replace('docker\n', 'remote\n') } },
      1,
      ['error builder E_BUILDER the builder "default" does not work: "\\u{1b}[31mno route"'],
    ],
    ['no builder', { machine: { inspect: '' } }, 1, ['error builder E_BUILDER there is no builder to ask']],
    [
      'two platforms, one that the machine can not run, in the classic store',
      { machine: { store: 'classic', inspect: running.replace(', linux/arm64', '') }, lockfile: two },
      1,
      [
        'error image store E_IMAGE_STORE the classic image store builds for one platform at a time, and the lockfile has 2',
        `error platforms E_NO_EMULATION the builder "default" can't run programs for linux/arm64`,
      ],
    ],
    ['the classic store', { machine: { store: 'classic' } }, 0, []],
  ];
  for (const [what, setting, exitCode, list] of cases)
    t.deepEqual(pick(await complaints(await healthy(setting))), { exitCode, list }, what);

  const slow =
    (hangs: (command: string) => boolean, answers: (command: string) => DockerAnswer) =>
    async (args: readonly string[]) => {
      const command = args.join(' ');
      if (hangs(command)) throw new ReproError({ code: 'E_NO_ENGINE', message: `docker ${args[0]} hangs` });
      return answers(command);
    };
  const answers = dockerOn({});
  const hanging = await healthy();
  hanging.docker.ask = slow((command) => command !== 'buildx version', answers);
  t.deepEqual(pick(await complaints(hanging)), {
    exitCode: 1,
    list: ['error engine E_NO_ENGINE docker version hangs'],
  });
  hanging.docker.ask = slow((command) => command === 'buildx inspect', answers);
  t.deepEqual(pick(await complaints(hanging)), {
    exitCode: 1,
    list: ['error builder E_NO_ENGINE docker buildx hangs'],
  });

  // The rest is looked at nevertheless.
  const ports = await healthy();
  ports.docker.ask = async () => {
    throw new ReproError({
      code: 'E_NO_DOCKER',
      message: 'there is no docker command on this machine',
      hint: 'x',
    });
  };
  const { lines, exitCode } = await doctor(ports);
  t.is(exitCode, 1);
  t.deepEqual(
    lines.map((line) => line.slice(0, 22).trim()),
    [
      'ok       lockfile',
      'ok       bake file',
      'error    docker',
      '',
      'ok       base',
      'ok       cache',
      '',
      '1 error',
      '',
    ],
  );
});

test('the registry: gone, moved, without a tag, denied', async (t) => {
  const base = 'docker.io/library/debian:trixie-slim';
  const cases: [
    what: string,
    change: (ports: Memory) => void,
    exitCode: number,
    list: RegExp[],
    fix?: RegExp,
  ][] = [
    [
      'both gone',
      ({ memory }) => {
        memory.tags.clear();
        memory.manifests.clear();
      },
      1,
      [
        /^error base E_NO_SUCH_IMAGE the registry does not have debian:trixie-slim with the pinned digest sha256:\w{12} any more$/,
        /^error cache E_NO_SUCH_IMAGE /,
      ],
      /^run repro update --base$/,
    ],
    [
      'without a tag',
      ({ memory }) => memory.tags.clear(),
      0,
      [
        /^warning base E_UNTAGGED the registry has no tag debian:trixie-slim any more$/,
        /^warning cache E_UNTAGGED the registry has no tag \S+ any more: what no tag leads to, a registry may delete$/,
      ],
    ],
    [
      'the base moved',
      ({ memory }) => void memory.push(base, { layers: [Buffer.from('new')] }),
      0,
      [
        /^warning base E_BASE_MOVED debian:trixie-slim is another image by now: sha256:\w{12}, where the lockfile has sha256:\w{12}$/,
      ],
      /repro update --base$/,
    ],
    [
      'somebody pushed another cache',
      ({ memory }) => void memory.push(CACHE, { layers: [Buffer.from('new')] }),
      0,
      [
        /^warning cache E_CACHE_MOVED \S+ is another image by now: .*: what no tag leads to, a registry may delete$/,
      ],
      /^to pin what the tag has: repro lock; to keep what is pinned: repro verify --keep$/,
    ],
    [
      'somebody pushed another cache, and the old one is kept',
      ({ memory }) => {
        const digest = memory.tags.get(CACHE);
        if (digest === undefined) throw new Error('the cache has a tag');
        memory.tags.set(CACHE.replace(/:[^:]*$/, `:pkg-cache-${digest.replace(':', '-')}`), digest);
        memory.push(CACHE, { layers: [Buffer.from('new')] });
      },
      0,
      [],
    ],
    [
      'denied',
      ({ memory }) => {
        memory.logins['docker.io'] = 'auths in x';
        memory.failure = new ReproError({ code: 'E_REGISTRY_DENIED', message: 'no', hint: 'log in' });
      },
      1,
      [
        /^error base E_REGISTRY_DENIED no \(with the login from auths in x\)$/,
        /^error cache E_REGISTRY_DENIED no \(without a login\)$/,
      ],
      /^log in$/,
    ],
  ];
  for (const [what, change, exitCode, list, fix] of cases) {
    const ports = await healthy();
    change(ports);
    const found = await complaints(ports);
    t.is(found.exitCode, exitCode, what);
    t.is(found.list.length, list.length, found.list.join('\n'));
    for (const [index, pattern] of list.entries()) t.regex(found.list[index] ?? '', pattern, what);
    if (fix !== undefined) t.regex(found.fixes[0] ?? '', fix, what);
  }
});

test('the lockfile, the bake file, the Dockerfile', async (t) => {
  const edit = (ports: Memory, from: string | RegExp, to: string) =>
    ports.texts.set('repro.lock', (ports.texts.get('repro.lock') ?? '').replace(from, to));
  const own: Setting = {
    files: { Dockerfile: 'FROM debian:trixie-slim\n' },
    lockfile: { build: { dockerfile: 'Dockerfile' } },
  };
  const stale = 'error bake file E_OUT_OF_DATE docker-bake.hcl is not what repro.lock gives';
  const cases: [
    what: string,
    setting: Setting,
    change: (ports: Memory) => void,
    exitCode: number,
    list: string[],
  ][] = [
    [
      'no lockfile',
      {},
      (ports) => ports.texts.delete('repro.lock'),
      1,
      ['error lockfile E_NO_LOCKFILE there is no lockfile repro.lock'],
    ],
    [
      'faults',
      {},
      (ports) => edit(ports, '"linux/amd64"', '"linux/vax"'),
      1,
      [
        'error lockfile E_PLATFORM an entry of `platforms` must be a platform such as "linux/amd64", not "linux/vax"',
      ],
    ],
    [
      'pins that are not all there; the rest is looked at',
      {},
      (ports) => edit(ports, /inputs = .*\n/, ''),
      1,
      ['error lockfile E_PINS_INCOMPLETE `cache.digest` is there and `cache.inputs` is not', stale],
    ],
    [
      'not locked, no bake file',
      {},
      (ports) => {
        edit(ports, /\[cache\]\n(image.*\n)[\s\S]*/, '[cache]\n$1');
        ports.texts.delete('docker-bake.hcl');
        ports.memory.tags.delete(CACHE);
      },
      0,
      [
        `warning lockfile E_NOT_LOCKED the package cache ${CACHE} is not pinned yet`,
        'warning bake file E_OUT_OF_DATE there is no docker-bake.hcl, which repro.lock would give',
      ],
    ],
    [
      'asked for since',
      {},
      (ports) => edit(ports, '"hello", "jq"', '"git", "hello", "jq"'),
      1,
      [
        'warning lockfile E_STALE the package cache was collected for another base, or for other packages, than the lockfile names now',
        stale,
      ],
    ],
    [
      'a bake file of somebody else, and one beside it',
      {},
      (ports) => {
        ports.texts.set('docker-bake.override.hcl', 'target "app" {}\n');
      },
      0,
      [
        'warning bake file E_NAME_CLASH docker-bake.override.hcl has names of ours, which bake merges where no -f is given: target "app"',
      ],
    ],
    [
      'no Dockerfile',
      own,
      (ports) => ports.texts.delete('Dockerfile'),
      1,
      [
        `error Dockerfile E_NO_DOCKERFILE there is no Dockerfile, which repro.lock names as the project's own Dockerfile`,
      ],
    ],
    [
      'a Dockerfile on another base',
      own,
      (ports) => ports.texts.set('Dockerfile', 'FROM alpine:3\n'),
      1,
      [
        'error Dockerfile E_BASE_NOT_USED no FROM names the locked base debian:trixie-slim, so the packages would be left out (found: alpine:3)',
      ],
    ],
    [
      'a Dockerfile that downloads',
      own,
      (ports) =>
        ports.texts.set('Dockerfile', 'FROM debian:trixie-slim\nRUN apt-get update\nCOPY --from=a:1 / /\n'),
      0,
      [
        'warning Dockerfile E_DOWNLOAD RUN apt-get update gets from the network what no lockfile has',
        'warning Dockerfile E_UNPINNED_IMAGE a:1 is not pinned: its tag may lead elsewhere tomorrow',
      ],
    ],
  ];
  for (const [what, setting, change, exitCode, list] of cases) {
    const ports = await healthy(setting);
    change(ports);
    t.deepEqual(pick(await complaints(ports)), { exitCode, list }, what);
  }
  const ports = await healthy(own);
  ports.texts.set('Dockerfile', 'FROM debian:trixie-slim\n\nRUN curl x\n');
  edit(ports, 'hello', 'git');
  const { lines } = await doctor(ports);
  t.true(lines.includes('                      at:  Dockerfile:3'), lines.join('\n'));
  t.is(lines.at(-2), '1 error, 2 warnings');
});

/** A folder whose `docker` is a script. */
function fakeDocker(t: ExecutionContext, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'repro-doctor-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'docker'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bin', 'docker'), 0o755);
  return join(folder, 'bin');
}

test('the real port: a docker program that says little, a registry that is not there', async (t) => {
  const bin = fakeDocker(t, 'case "$1" in version) echo "{}";; *) echo "x v0.13.1 y"; exit 1;; esac');
  const lockfile = readFileSync('repro.lock.example', 'utf8').replaceAll('registry.example', '127.0.0.1:1');
  writeFileSync(join(bin, 'repro.lock'), lockfile.replace('docker.io/library', '127.0.0.1:1'));
  const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((done) => {
    const env = { ...process.env, PATH: `${bin}:/usr/bin:/bin`, DOCKER_CONFIG: bin, NO_COLOR: '1' };
    execFile(process.execPath, [resolve('dist/main.js'), 'doctor'], { cwd: bin, env }, (error, stdout) =>
      done({ code: error?.code, stdout }),
    );
  });
  t.is(code, 1);
  for (const line of [
    'ok       docker       it is there, and does not tell its version',
    'error    buildx       docker has no buildx plugin [E_NO_BUILDX]',
    'error    engine       no docker engine answers [E_NO_ENGINE]',
    "error    base         can't reach the registry 127.0.0.1:1: connection refused [E_REGISTRY_UNREACHABLE]",
    "error    cache        can't reach the registry 127.0.0.1:1: connection refused [E_REGISTRY_UNREACHABLE]",
  ])
    t.true(stdout.includes(`${line}\n`), stdout);
});

test.serial('a docker that hangs is given up', async (t) => {
  const path = process.env['PATH'];
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  process.env['PATH'] = `${fakeDocker(t, 'while :; do sleep 0.05; done')}:${path}`;
  await t.throwsAsync(ask(['info', '--format', 'x'], 50), {
    code: 'E_NO_ENGINE',
    message: 'docker info --format did not answer within 0.05 s',
  });
});
