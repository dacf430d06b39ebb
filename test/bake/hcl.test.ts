import test from 'ava';
import fc from 'fast-check';
import hcl from 'hcl2-parser';
import { formatHcl, quote } from '../../src/bake/hcl.ts';

/** hcl2-parser reads `$${b}` as it reads `${b}`: escapes are taken out first, and what is left would be a live template. */
function read(text: string): { target: Record<string, [Record<string, unknown>]> } {
  const masked = text.replaceAll('$${', '\uE000').replaceAll('%%{', '\uE001');
  if (/[$%]\{/.test(masked)) throw new Error(`a live template in ${text}`);
  const [content] = hcl.parseToObject(masked);
  return JSON.parse(JSON.stringify(content).replaceAll('\uE000', '${').replaceAll('\uE001', '%{'));
}

/** Strings that have what HCL, Dockerfiles and shells take for more than text. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom('${', '%{', '$', '%', '$$', '{', '}', '"', '\\', '\n', '\r', '\t', 'DOCKERFILE', '<<', '`', "'", '#', '\u2028', '\u0000', '\u007f', '\uFEFF', '${file("/etc/passwd")}', '%{ if true }', '~}'),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join('').normalize('NFC').replace(/[\uE000\uE001\uFEFF]/g, ''));

test('any string comes back from a quoted template', (t) => {
  fc.assert(
    fc.property(nasty, (text) => {
      const file = read(`target "a" {\n  v = ${quote(text)}\n}\n`);
      t.is(file.target['a']?.[0]['v'], text);
    }),
    { numRuns: 2000 },
  );
});

test('any text without control characters comes back from a heredoc, with a final newline', (t) => {
  fc.assert(
    fc.property(nasty, (raw) => {
      const text = raw.replace(/[^\n\t\P{Cc}]/gu, '');
      const file = read(formatHcl('x', [{ type: 'target', name: 'a', attributes: { v: { heredoc: text } } }]));
      t.is(file.target['a']?.[0]['v'], text.endsWith('\n') ? text : `${text}\n`);
    }),
    { numRuns: 2000 },
  );
});

test('lists, maps and flags', (t) => {
  const text = formatHcl('Made by hand.\n\nsecond', [
    {
      type: 'target',
      name: 'a',
      comment: 'Why.',
      attributes: {
        none: undefined,
        one: ['x'],
        two: ['x', '${y}'],
        map: new Map([['debian:trixie', 'target:"packages"']]),
        flag: true,
      },
    },
  ]);
  t.is(
    text,
    `# Made by hand.
#
# second

# Why.
target "a" {
  one = ["x"]
  two = [
    "x",
    "$\${y}",
  ]
  map = {
    "debian:trixie" = "target:\\"packages\\""
  }
  flag = true
}
`,
  );
});
