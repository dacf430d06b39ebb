import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { knownDistros } from '../src/distro/index.ts';
import { run } from '../src/run.ts';
import { memoryPorts } from './helpers/ports.ts';

/* The command line: the built bundle as a process, and what a person reads when the input is bad. */

const main = resolve('dist/main.js');
const example = readFileSync('repro.lock.example', 'utf8');

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

function cli(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [main, ...args],
      { cwd: folder, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

function folderWith(t: ExecutionContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'repro-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('bad lockfiles, as a person reads of them', async (t) => {
  const cases: [what: string, text: string | undefined, stderr: string][] = [
    [
      'no lockfile',
      undefined,
      'error: there is no lockfile repro.lock [E_NO_LOCKFILE]\n  hint: write one with repro init --image REF --base REF --package NAME, or name another with --file\n',
    ],
    ['empty', '', 'error: the lockfile is empty [E_EMPTY]\n  hint: `repro init` writes one\n'],
    [
      'not TOML',
      example.replace('version = 1', 'version = '),
      'error: not TOML: unexpected character [E_TOML_SYNTAX]\n  at: repro.lock:4:1\n',
    ],
    [
      'wrong type',
      example.replace('["hello", "jq"]', '"hello"'),
      'error: `packages` must be a list, not a string [E_TYPE]\n  at: repro.lock:7:12 (packages)\n',
    ],
    [
      'unknown key',
      example.replace('packages =', 'package ='),
      'error: `packages` is missing [E_MISSING]\n  at: repro.lock:1:1 (packages)\nerror: unknown key "package" [E_UNKNOWN_KEY]\n  at: repro.lock:7:1 (package)\n  hint: did you mean `packages`?\n',
    ],
    [
      'newer version',
      example.replace('version = 1', 'version = 2'),
      'error: the lockfile has version 2, and this repro reads version 1 [E_VERSION_NEWER]\n  hint: upgrade repro\n',
    ],
    [
      'bad digest',
      example.replace('digest = "sha256:3d8b', 'digest = "sha256:XXXX'),
      'error: `digest` is no digest: a digest is "sha256:" and 64 lower case hexadecimal digits [E_DIGEST]\n  at: repro.lock:11:10 (base.digest)\n',
    ],
    [
      'unknown distro',
      example.replace('distro = "debian"', 'distro = "debain"'),
      `error: no support for the distro "debain" [E_UNKNOWN_DISTRO]\n  at: repro.lock:5:10 (distro)\n  hint: did you mean "debian"? known distros: ${knownDistros.join(', ')}\n`,
    ],
    [
      'conflict markers',
      example.replace('[base]', '<<<<<<< HEAD\n=======\n>>>>>>> x\n[base]'),
      'error: the lockfile has the conflict markers of an unfinished merge [E_CONFLICT_MARKERS]\n  at: repro.lock:9:1\n  hint: take either side (`git checkout --theirs repro.lock`), then run `repro lock`\n',
    ],
  ];
  for (const [what, text, stderr] of cases) {
    const folder = folderWith(t, text === undefined ? {} : { 'repro.lock': text });
    const result = await cli(folder, ['generate']);
    t.is(result.code, 1, what);
    t.is(result.stdout, '', what);
    t.is(result.stderr, stderr, what);
  }
});

test('a folder that nothing can be written in', async (t) => {
  // sysfs: not even root can make a file there.
  const { code, stderr } = await cli(folderWith(t, { 'repro.lock': example }), [
    'generate',
    '-o',
    '/sys/bake.hcl',
  ]);
  t.is(code, 1);
  t.is(stderr, "error: can't write /sys/bake.hcl: permission denied [E_WRITE]\n");
});

test('usage errors', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  const cases: [args: string[], stderr: string][] = [
    [
      ['generate', '--bad-flag'],
      'error: unknown option --bad-flag [E_USAGE]\n  hint: see repro generate --help\n',
    ],
    [
      ['generate', '--lockd'],
      'error: unknown option --lockd [E_USAGE]\n  hint: did you mean --locked? see repro generate --help\n',
    ],
    [
      ['genrate'],
      'error: unknown command "genrate" [E_USAGE]\n  hint: did you mean generate? see repro --help\n',
    ],
    [[], 'error: a command is missing [E_USAGE]\n  hint: see repro --help\n'],
    [
      ['generate', '--check', '-o', '-'],
      'error: --check compares a file: it needs another -o than - [E_USAGE]\n  hint: see repro generate --help\n',
    ],
    [
      ['update', '-o', '-'],
      'error: bake reads the bake file: it needs another -o than - [E_USAGE]\n  hint: see repro update --help\n',
    ],
    [
      ['init', '--image', 'a/b:1', '--base'],
      'error: --base needs a value [E_USAGE]\n  hint: see repro init --help\n',
    ],
    [['generate', '-o'], 'error: -o needs a value [E_USAGE]\n  hint: see repro generate --help\n'],
    [['init', '--image', 'a/b:1'], 'error: missing --base [E_USAGE]\n  hint: see repro init --help\n'],
    [['add'], 'error: an argument is missing [E_USAGE]\n  hint: see repro add --help\n'],
    [
      ['generate', '-o', 'a', '-o', 'b'],
      'error: an option was given more than once: a, b [E_USAGE]\n  hint: see repro generate --help\n',
    ],
    [['generate', 'extra'], 'error: unknown argument "extra" [E_USAGE]\n  hint: see repro generate --help\n'],
  ];
  for (const [args, stderr] of cases)
    t.deepEqual(await cli(folder, args), { code: 2, stdout: '', stderr }, args.join(' '));
});

test('help, version, completion', async (t) => {
  const folder = folderWith(t, {});
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.deepEqual(await cli(folder, ['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  for (const command of ['init', 'add', 'remove', 'generate', 'lock', 'update', 'completion']) {
    const { code, stdout, stderr } = await cli(folder, [command, '--help']);
    t.deepEqual([code, stderr], [0, ''], command);
    t.regex(stdout, /\nExamples:\n/, command);
  }
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await cli(folder, ['completion', shell]);
    t.is(code, 0, shell);
    t.regex(stdout, /--get-yargs-completions/, shell);
  }
  t.regex((await cli(folder, ['--get-yargs-completions', 'repro', 'gen'])).stdout, /^generate/m);
});

test('--json, and colours only where somebody sees them', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  const good = await cli(folder, ['generate', '--json']);
  t.like(JSON.parse(good.stdout), { file: 'docker-bake.hcl', changed: true, warnings: [] });
  t.is(good.stderr, '');
  const bad = await cli(folder, ['remove', 'x', '--json']);
  t.is(bad.code, 1);
  t.like(JSON.parse(bad.stdout), { problems: [{ code: 'E_NOT_ASKED_FOR' }] });
  t.is(bad.stderr, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  const colour = /\u001b\[/;
  t.notRegex((await cli(folder, ['remove', 'x'])).stderr, colour);
});

test('a bug is a bug, with its stack', async (t) => {
  const ports = memoryPorts({ 'repro.lock': example });
  ports.files.write = async () => {
    throw new TypeError('undefined is not a function');
  };
  const paint = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };
  const { exitCode, stderr } = await run(['generate'], ports, paint);
  t.is(exitCode, 1);
  t.regex(
    stderr,
    /^error: this is a bug of repro \d+\.\d+\.\d+, please report it with what follows\nTypeError: undefined is not a function\n {4}at /,
  );
});

test('a reader that goes away is no error', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  const child = spawn(process.execPath, [main, 'generate', '-o', '-'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise((done) => child.on('close', done));
  t.deepEqual([code, stderr], [0, '']);
});

/** A stand-in for docker: what the real one does is tested in test/e2e. */
function fakeDocker(folder: string, script: string): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'docker'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'docker'), 0o755);
  return { PATH: `${bin}:/usr/bin:/bin` };
}

test('docker that is not there, too old, or fails', async (t) => {
  const buildx = (version: string, rest: string) =>
    `case "$1 $2" in "buildx version") echo "github.com/docker/buildx ${version} abc";; "buildx bake") echo building; exit 3;; *) ${rest};; esac`;
  const cases: [what: string, script: string | undefined, code: string][] = [
    [
      'no docker',
      undefined,
      'error: there is no docker command on this machine [E_NO_DOCKER]\n  hint: install docker with its buildx plugin: https://docs.docker.com/engine/install/\n',
    ],
    [
      'no buildx',
      'echo "docker: unknown command" >&2; exit 1',
      'error: docker has no buildx plugin [E_NO_BUILDX]\n  hint: install it: https://docs.docker.com/build/install-buildx/\n',
    ],
    [
      'old buildx',
      buildx('v0.9.1', 'exit 0'),
      'error: buildx 0.9.1 is too old, 0.10.0 or newer is needed [E_OLD_BUILDX]\n  hint: update it: https://docs.docker.com/build/install-buildx/\n',
    ],
    [
      'no engine',
      buildx('v0.13.1', 'exit 1'),
      'building\nerror: the build failed (docker buildx bake ended with exit code 3), its output is above; no docker engine answers here either [E_NO_ENGINE]\n  hint: start the engine, or choose a builder that has its own: docker buildx use NAME\n',
    ],
    [
      'a failing build',
      buildx('0.13.1+ds1', 'echo 26.1.5+dfsg1'),
      'building\nerror: the build failed (docker buildx bake ended with exit code 3), its output is above [E_BUILD_FAILED]\n',
    ],
    [
      'an old engine',
      buildx('v0.13.1', 'echo 20.10.24'),
      'building\nerror: the build failed (docker buildx bake ended with exit code 3), its output is above [E_BUILD_FAILED]\n  hint: docker engine 20.10.24 is older than 23.0.0, which has BuildKit inside\n',
    ],
  ];
  for (const [what, script, stderr] of cases) {
    const folder = folderWith(t, { 'repro.lock': example });
    const env = script === undefined ? { PATH: folder } : fakeDocker(folder, script);
    const result = await cli(folder, ['update'], env);
    t.is(result.code, 1, what);
    t.is(result.stderr, `docker buildx bake -f docker-bake.hcl pkg-cache --push\n${stderr}`, what);
    t.is(readFileSync(join(folder, 'repro.lock'), 'utf8'), example, what);
  }
});

test('Ctrl-C ends the build, and leaves the lockfile', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  const env = fakeDocker(
    folder,
    'case "$1 $2" in "buildx version") echo "x v0.13.1 y";; *) trap "echo stopped; exit 1" INT; echo started; while :; do sleep 0.05; done;; esac',
  );
  const child = spawn(process.execPath, [main, 'update'], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    if (`${chunk}`.includes('started')) child.kill('SIGINT');
    stderr += chunk;
  });
  const code = await new Promise((done) => child.on('close', done));
  t.is(code, 130);
  t.regex(stderr, /started\nstopped\nerror: the build was interrupted \(SIGINT\) \[E_INTERRUPTED\]\n$/);
  t.is(readFileSync(join(folder, 'repro.lock'), 'utf8'), example);
});
