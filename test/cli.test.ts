import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import test, { type ExecutionContext } from 'ava';
import { knownDistros } from '../src/distro/index.ts';
import { createProgress, paintFor } from '../src/io/terminal.ts';
import { run } from '../src/run.ts';
import { memoryPorts } from './helpers/ports.ts';

/* The command line: the built bundle as a process, and what a person reads when the input is bad. */

const main = resolve('dist/main.js');
const example = readFileSync('repro.lock.example', 'utf8');

const plain = { stdout: (_: unknown, text: string) => text, stderr: (_: unknown, text: string) => text };

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Whoever runs the tests may like colours. */
const { FORCE_COLOR: _, NO_COLOR: __, ...environment } = process.env;

function execute(file: string, args: readonly string[], folder: string, env = {}): Promise<Result> {
  return new Promise((done) => {
    execFile(file, args, { cwd: folder, env: { ...environment, ...env } }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

function cli(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return execute(process.execPath, [main, ...args], folder, env);
}

/** What it writes to standard error, and its exit code. */
async function ended(child: ChildProcess): Promise<[code: number, stderr: string]> {
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return [code, stderr];
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
      'error: the lockfile has the conflict markers of an unfinished merge, in lines 9-11 [E_CONFLICT]\n  at: repro.lock:9:1\n  hint: keep one side of each, take the markers out, then run `repro update`; docs/merge.md has git do most of it\n',
    ],
  ];
  for (const [what, text, stderr] of cases) {
    const ports = memoryPorts(text === undefined ? {} : { 'repro.lock': text });
    t.deepEqual(await run(['generate'], ports, plain), { exitCode: 1, stdout: '', stderr }, what);
  }
  const [[, , stderr] = ['', '', '']] = cases;
  t.deepEqual(await cli(folderWith(t, {}), ['generate']), { code: 1, stdout: '', stderr });
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
      ['lock', '--check', '--keep'],
      'error: --check changes nothing, and --keep sets a tag [E_USAGE]\n  hint: see repro lock --help\n',
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
      'error: --output was given more than once: a, b [E_USAGE]\n  hint: see repro generate --help\n',
    ],
    [['generate', 'extra'], 'error: unknown argument "extra" [E_USAGE]\n  hint: see repro generate --help\n'],
    [['lock', 'add'], 'error: unknown argument "add" [E_USAGE]\n  hint: see repro lock --help\n'],
    [
      ['generate', '--no-bad'],
      'error: unknown option --no-bad [E_USAGE]\n  hint: see repro generate --help\n',
    ],
    [
      ['init', '--image', 'a', '--base', 'b', '--no-recommend'],
      'error: unknown option --no-recommend [E_USAGE]\n  hint: did you mean --no-recommends? see repro init --help\n',
    ],
    [
      ['generate', '--otput=x'],
      'error: unknown option --otput [E_USAGE]\n  hint: did you mean --output? see repro generate --help\n',
    ],
    [['generate', '-xyz'], 'error: unknown option -x [E_USAGE]\n  hint: see repro generate --help\n'],
    [['constructor'], 'error: unknown command "constructor" [E_USAGE]\n  hint: see repro --help\n'],
    [['lock', '--check=yes'], 'error: --check takes no value [E_USAGE]\n  hint: see repro lock --help\n'],
    [['lock', '--file='], 'error: --file has an empty value [E_USAGE]\n  hint: see repro lock --help\n'],
    [
      ['add', '--', 'jq'],
      'error: -- is not taken: nothing here starts with - [E_USAGE]\n  hint: see repro add --help\n',
    ],
    [['init'], 'error: missing --image, --base [E_USAGE]\n  hint: see repro init --help\n'],
    [
      ['init', '--image', 'a', '--base', 'b', '--target', 'x'],
      'error: --target needs --dockerfile [E_USAGE]\n  hint: see repro init --help\n',
    ],
    [
      ['completion', 'tcsh'],
      'error: "tcsh" is none of "bash", "zsh", "fish" [E_USAGE]\n  hint: see repro completion --help\n',
    ],
  ];
  for (const [args, stderr] of cases) {
    const outcome = await run(args, memoryPorts({ 'repro.lock': example }), plain);
    t.deepEqual(outcome, { exitCode: 2, stdout: '', stderr }, args.join(' '));
  }
  // The bundle is without yargs' tables of words.
  for (const [args, stderr] of cases.filter(([args]) => args.includes('--target') || args.includes('-o')))
    t.deepEqual(await cli(folderWith(t, {}), args), { code: 2, stdout: '', stderr });
  const json = await run(['genrate', '--json'], memoryPorts(), plain);
  t.deepEqual([json.exitCode, json.stderr], [2, '']);
  t.deepEqual(JSON.parse(json.stdout), {
    problems: [
      {
        code: 'E_USAGE',
        message: 'unknown command "genrate"',
        hint: 'did you mean generate? see repro --help',
      },
    ],
  });
});

test('help, version, completion', async (t) => {
  const folder = folderWith(t, {});
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.deepEqual(await cli(folder, ['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  for (const command of [
    'init',
    'add',
    'remove',
    'generate',
    'lock',
    'update',
    'verify',
    'merge',
    'doctor',
    'completion',
  ]) {
    const { exitCode, stdout, stderr } = await run([command, '--help'], memoryPorts(), plain);
    t.deepEqual([exitCode, stderr], [0, ''], command);
    t.regex(stdout, /\nExamples:\n/, command);
  }
  t.regex((await cli(folder, ['--help'])).stdout, /^repro <command>\n[\s\S]*\nExit codes: 0 fine, 1 .*\n$/);
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exitCode, stdout } = await run(['completion', shell], memoryPorts(), plain);
    t.is(exitCode, 0, shell);
    t.regex(stdout, /--get-yargs-completions/, shell);
  }
  t.regex((await cli(folder, ['--get-yargs-completions', 'repro', 'gen'])).stdout, /^generate/m);
});

test('bash completes', async (t) => {
  const folder = folderWith(t, {
    // What bash does at a Tab.
    'complete.sh': `repro() { "${process.execPath}" "${main}" "$@"; }
eval "$(repro completion bash)"
complete_at() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _repro; echo "\${COMPREPLY[*]}"; }
complete_at repro gen
complete_at repro generate --ch
complete_at repro completion f
complete_at repro add nothing-known
`,
  });
  const { stdout, stderr } = await execute('bash', [join(folder, 'complete.sh')], folder);
  t.deepEqual([stdout, stderr], ['generate\n--check\nfish\n\n', '']);
});

test('--json, and colours only where somebody sees them', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  const good = await cli(folder, ['generate', '--json']);
  t.like(JSON.parse(good.stdout), { file: 'docker-bake.hcl', changed: true, warnings: [] });
  t.is(good.stderr, '');
  const added = await run(['add', 'git', 'jq', '--json'], memoryPorts({ 'repro.lock': example }), plain);
  t.deepEqual(JSON.parse(added.stdout), {
    file: 'repro.lock',
    changed: true,
    added: ['git'],
    removed: [],
    replaced: [],
    unchanged: ['jq'],
    warnings: [],
    next: ['repro update'],
  });
  const bad = await cli(folder, ['remove', 'x', '--json']);
  t.is(bad.code, 1);
  t.like(JSON.parse(bad.stdout), { problems: [{ code: 'E_NOT_ASKED_FOR' }] });
  t.is(bad.stderr, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  const colour = /\u001b\[/;
  t.notRegex((await cli(folder, ['remove', 'x'])).stderr, colour);
  t.regex((await cli(folder, ['remove', 'x'], { FORCE_COLOR: '1' })).stderr, colour);
});

test('a bug is a bug, with its stack', async (t) => {
  const ports = memoryPorts({ 'repro.lock': example });
  ports.files.write = async () => {
    throw new TypeError('undefined is not a function');
  };
  const { exitCode, stderr } = await run(['generate'], ports, plain);
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
  t.deepEqual(await ended(child), [0, '']);
});

test('a full disk, or nobody who reads of the steps', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  const full = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(full));
  const child = spawn(process.execPath, [main, 'generate', '-o', '-'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', full, 'pipe'],
  });
  t.deepEqual(await ended(child), [1, "error: can't write the output: no space left on device [E_WRITE]\n"]);
  const env = fakeDocker(
    folder,
    'case "$1 $2" in "buildx version") echo "x v0.13.1 y";; "buildx bake") : > built; exit 3;; esac',
  );
  const update = spawn(process.execPath, [main, 'update'], {
    cwd: folder,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  update.stderr.destroy();
  t.deepEqual(await once(update, 'close'), [1, null]);
  t.true(existsSync(join(folder, 'built')));
});

test('a disk that is full in the middle of the lockfile', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  // A write beyond 1,024 bytes is cut off there, and the next one fails.
  const script = `trap '' XFSZ; ulimit -f 1; exec "$@"`;
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, main, 'add', 'git'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.deepEqual(await ended(child), [1, "error: can't write repro.lock: file too large [E_WRITE]\n"]);
  t.is(readFileSync(join(folder, 'repro.lock'), 'utf8'), example);
  t.deepEqual(readdirSync(folder), ['repro.lock']);
});

test('several at once: each writes all of its own, or nothing', async (t) => {
  const folder = folderWith(t, { 'repro.lock': example });
  const names = ['git', 'gcc', 'make', 'curl'];
  const results = await Promise.all(names.map((name) => cli(folder, ['add', name])));
  for (const { code, stderr } of results.filter((result) => result.code !== 0)) {
    t.is(code, 1);
    t.regex(
      stderr,
      /^error: repro\.lock was changed by someone else meanwhile, nothing was written \[E_FILE_CHANGED\]\n/,
    );
  }
  t.true(results.some(({ code }) => code === 0));
  t.deepEqual(readdirSync(folder), ['repro.lock']);
  t.is((await cli(folder, ['generate', '-o', '-'])).code, 0);
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

test('Ctrl-C ends docker, and leaves the lockfile', async (t) => {
  const wait = 'trap "echo stopped >&2; exit 1" INT; echo started >&2; while :; do sleep 0.05; done';
  const cases: [what: string, script: string, stderr: RegExp][] = [
    [
      'while it builds',
      `case "$1 $2" in "buildx version") echo "x v0.13.1 y";; *) ${wait};; esac`,
      /started\nstopped\nerror: the build was interrupted \(SIGINT\) \[E_INTERRUPTED\]\n$/,
    ],
    // Its standard error is not shown there, so that a file tells.
    [
      'before that',
      'trap "exit 1" INT; : > started; while :; do sleep 0.05; done',
      /^docker buildx bake .*\nerror: the build was interrupted \(SIGINT\) \[E_INTERRUPTED\]\n$/,
    ],
  ];
  for (const [what, script, expected] of cases) {
    const folder = folderWith(t, { 'repro.lock': example });
    const child = spawn(process.execPath, [main, 'update'], {
      cwd: folder,
      env: { ...environment, ...fakeDocker(folder, script) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const watcher = watch(folder, () => {
      if (existsSync(join(folder, 'started'))) child.kill('SIGINT');
    });
    t.teardown(() => watcher.close());
    child.stderr.on('data', (chunk) => {
      if (`${chunk}`.includes('started')) child.kill('SIGINT');
    });
    const [code, stderr] = await ended(child);
    t.is(code, 130, what);
    t.regex(stderr, expected, what);
    t.is(readFileSync(join(folder, 'repro.lock'), 'utf8'), example, what);
  }
});

/** As much of a terminal as the reporting looks at. */
function terminal(columns: number): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const tty = Object.assign(stream, {
    isTTY: true,
    columns,
    getColorDepth: WriteStream.prototype.getColorDepth,
  });
  return { stream: tty as unknown as NodeJS.WriteStream, text: () => text };
}

test.serial('a terminal gets colours and progress, and other outputs do not', async (t) => {
  const before = { ...process.env };
  t.teardown(() => {
    Object.assign(process.env, before);
  });
  // Node asks all of these (tty.WriteStream.getColorDepth).
  const asked = [
    'CI',
    'COLORTERM',
    'FORCE_COLOR',
    'NO_COLOR',
    'NODE_DISABLE_COLORS',
    'TEAMCITY_VERSION',
    'TMUX',
  ];
  for (const name of asked) delete process.env[name];
  process.env['TERM'] = 'xterm-256color';
  const { stream } = terminal(80);
  t.is(paintFor(stream)('red', 'x'), '\u001b[31mx\u001b[39m');
  t.is(paintFor(Object.assign(terminal(80).stream, { isTTY: false }))('red', 'x'), 'x');
  process.env['NO_COLOR'] = '1';
  t.is(paintFor(stream)('red', 'x'), 'x');
  delete process.env['NO_COLOR'];

  const cases: [columns: number, total: number | undefined, line: string][] = [
    [80, 12_300_000, 'reading the layer: 1.5 MB of 12.3 MB'],
    [80, undefined, 'reading the layer: 1.5 MB'],
    [25, 12_300_000, 'readi: 1.5 MB of 12.3 MB'],
    [10, 12_300_000, ': 1.5 MB of 12.3 MB'],
  ];
  for (const [columns, total, line] of cases) {
    const { stream, text } = terminal(columns);
    const progress = createProgress(stream);
    progress.show('reading the layer', 1_500_000, total);
    t.is(text(), `\r\u001b[K${line}`);
    progress.clear();
    progress.clear();
    t.is(text(), `\r\u001b[K${line}\r\u001b[K`);
  }
  const piped = terminal(80);
  piped.stream.isTTY = false;
  createProgress(piped.stream).show('x', 1);
  t.is(piped.text(), '');
});
