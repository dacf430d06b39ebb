import test from 'ava';
import fc from 'fast-check';
import { formatHcl, quote } from '../../src/bake/hcl.ts';
import { nasty, readHcl as read } from './nasty.ts';

test('any string comes back from a quoted template', (t) => {
  fc.assert(
    fc.property(nasty, (text) => {
      const file = read(`target "a" {\n  v = ${quote(text)}\n}\n`);
      t.is(file['target']?.['a']?.[0]['v'], text);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('any text without control characters comes back from a heredoc, with a final newline', (t) => {
  fc.assert(
    fc.property(nasty, (raw) => {
      const text = raw.replace(/[^\n\t\P{Cc}]/gu, '');
      const file = read(
        formatHcl('x', [{ type: 'target', name: 'a', attributes: { v: { heredoc: text } } }]),
      );
      t.is(file['target']?.['a']?.[0]['v'], text.endsWith('\n') ? text : `${text}\n`);
    }),
    { numRuns: 2000, seed: 1 },
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
