import readToml from '@iarna/toml/parse-string.js';
import test from 'ava';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { type Problem, ReproError } from '../../src/errors.ts';
import { cacheInputs, parseLockfile, serializeLockfile } from '../../src/lockfile/index.ts';
import { readCanonicalLines } from '../../src/lockfile/lines.ts';
import type { Lockfile } from '../../src/model.ts';
import { edited, example, parse, rules, schema } from './helpers.ts';
import { mistakes } from './mistakes.ts';

async function problemsOf(text: string): Promise<readonly Problem[]> {
  try {
    await parse(text);
    return [];
  } catch (error) {
    if (error instanceof ReproError) return error.problems;
    throw error;
  }
}

function show({ at, code, message, hint }: Problem): string {
  return `${at?.line}:${at?.column} ${at?.key}: ${code}: ${message}${hint === undefined ? '' : ` -> ${hint}`}`;
}

test('the example, its schema, the reader and the writer agree', async (t) => {
  const lockfile = await parseLockfile(example, 'repro.lock.example', { familyOf, knownDistros });
  t.is(serializeLockfile(lockfile), example);
  t.true(schema(readToml(example)), JSON.stringify(schema.errors));
  t.is(cacheInputs(lockfile), lockfile.cache.inputs);
});

test('mistakes: each with its place, key, code, message and hint', async (t) => {
  for (const [from, to, verdict, ...expected] of mistakes) {
    const text = edited(from, to);
    t.deepEqual((await problemsOf(text)).map(show), expected);
    t.is(schema(readToml(text)) ? 'taken' : 'refused', verdict, `${from} -> ${to}`);
  }
});

test('all mistakes of a file at once, in the order of the file', async (t) => {
  const text = edited('"linux/amd64"', '"linux/vax"')
    .replace('"13"', '13')
    .replace('53228', '-1')
    .replace('"jq"]', '3]');
  t.deepEqual(
    (await problemsOf(text)).map(({ at, code }) => `${at?.file} ${at?.line} ${code}`),
    ['repro.lock 6 E_PLATFORM', 'repro.lock 7 E_TYPE', 'repro.lock 12 E_TYPE', 'repro.lock 23 E_VALUE'],
  );
});

test('files that are no lockfile', async (t) => {
  const conflict = (line: number, lines: string) => ({
    code: 'E_CONFLICT',
    message: `the lockfile has the conflict markers of an unfinished merge, in ${lines}`,
    at: { file: 'repro.lock', line, column: 1 },
    hint: 'keep one side of each, take the markers out, then run `repro update`; docs/merge.md has git do most of it',
  });
  const empty = {
    code: 'E_EMPTY',
    message: 'the lockfile is empty',
    at: { file: 'repro.lock' },
    hint: '`repro init` writes one',
  };
  const newer = (version: string) => ({
    code: 'E_VERSION_NEWER',
    message: `the lockfile has version ${version}, and this repro reads version 1`,
    at: { file: 'repro.lock', key: 'version' },
    hint: 'upgrade repro',
  });
  const syntax = (line: number, column: number, message: string) => ({
    code: 'E_TOML_SYNTAX',
    message: `not TOML: ${message}`,
    at: { file: 'repro.lock', line, column },
  });
  const cases: [text: string, problem: Problem][] = [
    ['', empty],
    ['\ufeff', empty],
    [' \n\t\r\n# nothing\n  # here', empty],
    [
      edited('version = 1', '<<<<<<< HEAD\nversion = 1\n=======\nversion = 1\n>>>>>>> main'),
      conflict(2, 'lines 2-6'),
    ],
    [edited('[base]', '||||||| 1234567\r\n[base]'), conflict(9, 'line 9')],
    [edited('[base]', '>>>>>>> theirs'), conflict(9, 'line 9')],
    [edited('[base]', '<<<<<<<').replace('[cache]', '>>>>>>> x\n>>>>>>> y'), conflict(9, 'lines 9-15, 16')],
    [
      // diff3 within a virtual ancestor, in a file with CRLF.
      edited(
        'version = 1',
        '<<<<<<< a\n1\n||||||| b\n<<<<<<<<< c\n2\n=========\n3\n>>>>>>>>> d\n=======\n4\n>>>>>>> e\nversion = 1',
      )
        .replace('[base]', '<<<<<<< a\n=======\n>>>>>>> e')
        .replaceAll('\n', '\r\n'),
      conflict(2, 'lines 2-12, 20-22'),
    ],
    ['version = 2', newer('2')],
    [edited('version = 1', 'version = 3\nsomething = "new"'), newer('3')],
    ['version = 99999999999999999', newer('99999999999999999')],
    ['{"version": 1}', syntax(1, 1, 'unexpected token')],
    ['not a lockfile', syntax(1, 5, 'expected equal (=) token')],
    [edited('"13"', '"13'), syntax(12, 14, 'unterminated string constant')],
    [edited('"13"', '2025-13-40'), syntax(12, 20, 'unexpected invalid date')],
    [
      edited('distro = "debian"', 'distro = "debian"\ndistro = "debian"'),
      syntax(6, 1, 'defining a key multiple times is invalid'),
    ],
    [edited('distro = "debian"', 'distro = "\\ud800"'), syntax(5, 16, 'invalid code point d800')],
    ['version = \r 1\n', syntax(1, 1, 'this line has a mistake')],
  ];
  for (const [text, problem] of cases) t.deepEqual(await problemsOf(text), [problem], text.slice(0, 40));
});

test('what is no mistake', async (t) => {
  const lockfile = await parse(example);
  const same: Record<string, string> = {
    'CRLF and a byte order mark': `\ufeff${example.replaceAll('\n', '\r\n')}`,
    comments: example.replaceAll('\n', ' # here\n').replaceAll('[ # here', '['),
    'inline tables': edited(/\[base\]\n(.*)\n(.*)\n(.*)\n(.*)\n/, '').replace(
      '\n[cache]',
      `base = { ${/\[base\]\n([\s\S]*?)\n\n/.exec(example)?.[1]?.replaceAll('\n', ', ')} }\n\n[cache]`,
    ),
    'dotted keys': edited('[base]\nimage', 'base.image').replaceAll(
      /^(digest.*3d8|release|created)/gm,
      'base.$1',
    ),
    'another order': edited('["hello", "jq"]', '["jq", "hello"]').replace(
      /( {2}\{ name = "jq".*\n)( {2}.*\n)/,
      '$2$1',
    ),
    'literal strings': edited('"debian"', "'debian'"),
    'numbers in other notations': edited('53228', '0xCFEC').replace('78900', '78_900'),
    'no final newline': example.trimEnd(),
  };
  for (const [name, text] of Object.entries(same)) {
    t.deepEqual(await parse(text), lockfile, name);
    t.is(serializeLockfile(await parse(text)), example, name);
  }
  const noPins = edited(/digest = "sha256:b9[\s\S]*/, '').replace(/digest.*\n|release.*\n|created.*\n/g, '');
  t.deepEqual(Object.keys((await parse(noPins)).cache), ['image']);
  const others: [from: string, to: string][] = [
    ['packages = ["hello", "jq"]', 'packages = []'],
    ['packages = ["hello", "jq"]', 'packages = ["hello"]'],
    ['platforms = ["linux/amd64"]', 'platforms = ["linux/arm64"]'],
    ['[base]', '[labels]\n"a b" = ""\n\n[build]\ndockerfile = "./docker/app..file"\ncontext = "."\n\n[base]'],
    ['[base]', '[build]\ndockerfile = "Dockerfile"\n\n[build.args]\nA_1 = ""\n\n[base]'],
    ['release = "13"', 'user = "1000:1000"'],
    ['version = 1', 'version = 1\nnote = """\na\nb = c # d"""'],
  ];
  for (const [from, to] of others) {
    t.deepEqual(await problemsOf(edited(from, to)), [], to);
    t.true(schema(readToml(edited(from, to))), to);
  }
});

test('pins that belong together and are not all there can be dropped', async (t) => {
  const text = edited(/inputs = .*\n/, '');
  const lockfile = await parseLockfile(text, 'repro.lock', rules, { incompletePins: 'drop' });
  const { platform: _, ...rest } = await parse(example);
  t.deepEqual(lockfile, { ...rest, cache: { image: rest.cache.image } });
  t.deepEqual(
    await parseLockfile(example, 'repro.lock', rules, { incompletePins: 'drop' }),
    await parse(example),
  );
});

test('package lines are read the quick way only where nothing is lost by it', async (t) => {
  const whole = readToml(example) as unknown as Lockfile;
  const frames: string[] = [];
  const quick = readCanonicalLines(example, readToml, (root, frame) => {
    frames.push(frame);
    return root as unknown as Lockfile;
  });
  t.deepEqual(quick, whole);
  t.deepEqual(frames, [example.replace(/packages = \[\n[\s\S]*\]\n/, 'packages = []\n')]);
  const tricky = [
    edited('name = "hello"', 'name = "hel\\u006co"'),
    edited(
      '[base]',
      '[labels]\na = """\npackages = [\n  { name = "x", version = "1", arch = "a", sha256 = "b", size = 1 },\n]\n"""\n\n[base]',
    ),
    edited('packages = [\n  {', 'packages = [0]\n[[platform]]\nname = "linux/arm64"\npackages = [\n  {'),
    edited('size = 53228', 'size = 053228'),
    edited('size = 53228', 'size = 9007199254740993'),
    edited('name = "jq", version', 'name = "a", version'),
    edited('name = "jq", version', 'name = "JQ", version'),
  ];
  const codes = await Promise.all(
    tricky.map(async (text) => (await problemsOf(text)).map(({ code }) => code)),
  );
  t.deepEqual(codes, [[], ['E_VALUE'], ['E_TYPE'], ['E_TOML_SYNTAX'], ['E_VALUE'], [], ['E_PACKAGE']]);
});
