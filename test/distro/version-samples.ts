import fc from 'fast-check';
import type { Family } from '../../src/distro/family.ts';

const pick = (...texts: string[]) => fc.constantFrom(...texts);
const maybe = (text: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), text);
const join = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''));
const some = (part: fc.Arbitrary<string>, maxLength = 4) =>
  fc.array(part, { maxLength }).map((parts) => parts.join(''));

const number = pick('0', '1', '2', '10', '01', '00', '010', '20240101');
const letters = pick('a', 'b', 'rc', 'Z', 'p', 'alpha');
const epoch = maybe(pick('0:', '1:', '2:', '10:'));
const rpm = join(pick('1', '2', 'a'), some(fc.oneof(number, letters, pick('.', '.', '_', '+', '~', '^'))));
const alpm = join(number, some(fc.oneof(number, letters, pick('.', '.', '_', '+', '..'))));
const rpmVersion = join(maybe(pick('1:', '2:', '10:')), rpm, pick('-1', '-1.fc42', '-2~1', '-1^a'));
const suffix = join(
  pick('_alpha', '_beta', '_pre', '_rc', '_cvs', '_svn', '_git', '_hg', '_p'),
  maybe(number),
);

/** Versions as each family has them, of few and small parts, so that two of them are often near each other. */
export const versions: Readonly<Record<string, fc.Arbitrary<string>>> = {
  apt: join(
    epoch,
    number,
    some(fc.oneof(number, letters, pick('.', '.', '+', '~', '-'))),
    maybe(pick('-1', '-0', '-1.1', '-1+b1', '-1~a')),
  ),
  dnf: rpmVersion,
  zypper: rpmVersion,
  pacman: join(epoch, alpm, pick('-1', '-1', '-2', '-10', '-1.1')),
  apk: join(
    number,
    some(join(pick('.'), number), 3),
    maybe(pick('a', 'b', 'z')),
    some(suffix, 2),
    maybe(pick('~0a', '~1', '~12')),
    maybe(join(pick('-r'), number)),
  ),
};

/** So many pairs of a family, the same in every run: of two versions, and of one with a change in one place. */
export function versionPairs({ name, checkPackage }: Family, count: number): [a: string, b: string][] {
  const isValid = (version: string) =>
    checkPackage({ name: 'jq', version, arch: 'all', sha256: '', size: 1 }) === undefined;
  const version = (versions[name] ?? fc.constant('')).filter(isValid);
  const part = fc.oneof(letters, number, pick('~', '^', '.', '.1', '+', '_p', '-r1', ''));
  const changed = fc
    .tuple(version, fc.nat(20), fc.nat(2), part)
    .map(([text, at, length, more]): [string, string] => [
      text,
      text.slice(0, at) + more + text.slice(at + length),
    ])
    .filter(([, text]) => isValid(text));
  const pair = fc
    .tuple(fc.oneof(fc.tuple(version, version), changed), fc.boolean())
    .map(([[a, b], turned]): [string, string] => (turned ? [b, a] : [a, b]));
  return fc.sample(pair, { seed: 42, numRuns: count });
}

const rpmOrders = [
  '1.0~~-1 1.0~rc1-1 1.0~rc1.1-1 1.0~rc2-1 1.0-1 1.0^git1~pre-1 1.0^git1-1 1.0^git1.2-1 1.0.1-1 1.1-1',
  '1.0-1 1.0^-1 1.0^a-1 1.0^1-1 1.0a-1=1.0.a-1 1.0b-1 1.0.0-1',
  '1.9-1 1.10-1=1.010-1=1_10-1=1.10.-1 1.10a-1 1.10.1-1 2-1',
  'Z-1 a-1 aa-1 b-1 0-1 12345678901234567890-1 12345678901234567891-1',
  '9-9 1:1-1 2:0-1 10:0-1',
  '1-1~rc1 1-1 1-1^git1 1-1.fc41 1-1.fc42 1-2 1-10 1-10.1',
  '5.5p1-1 5.5p2-1 5.5p10-1',
];

/** Versions from old to new; `=` between those that are the same to the tool. */
const orders: Readonly<Record<string, readonly string[]>> = {
  apt: [
    '1.0~~ 1.0~~a 1.0~ 1.0~rc1 1.0=1.0-0=0:1.0=1.00 1.0-1 1.0+b1 1.0.1 1.1 1.10 2 10',
    '1 1-1 1a 1b 1+',
    '2.10-5~bpo12+1 2.10-5 2.10-5+b1 2.10-5+deb13u1 2.10-5.1 2.10-6 2.10-10',
    '99 1:1~ 1:1 1:2 2:0 10:0',
    '1-1-1 1-2-1 1.1-1',
    '1A 1Z 1a 1aa 1a+',
    '12345678901234567890 12345678901234567891',
  ],
  dnf: rpmOrders,
  zypper: rpmOrders,
  pacman: [
    '1.0a-1 1.0b-1 1.0beta-1 1.0p-1 1.0rc-1 1.0-1 1.0.a-1 1.0.1-1',
    '1-1 1-1.1 1-2 1-10',
    '1.0-1=0:1.0-1=1.00-1=1_0-1 1.0.-1 1..0-1',
    '9-1 1:1-1 1:2-1 2:0-1',
    '6.17.arch1-1 6.17.arch1-2 6.17.arch2-1 6.17.1.arch1-1',
    '12345678901234567890-1 12345678901234567891-1',
  ],
  apk: [
    '1.0_alpha 1.0_alpha2 1.0_beta 1.0_pre1 1.0_pre1-r1 1.0_rc1 1.0 1.0-r0 1.0-r1 1.0-r10 1.0_cvs 1.0_svn 1.0_git 1.0_hg 1.0_p 1.0_p1 1.0a 1.0b 1.0.0 1.0.1',
    '1.0_git20240101 1.0_git20240102',
    '1.0_p1_rc1 1.0_p1 1.0_p1_p1 1.0_p2',
    '1.2 1.2-r1 1.2~0a-r0 1.2~0b-r0 1.2~0b-r1 1.2_git',
    '1.00 1.000 1.01 1.019 1.02 1.1 1.9 1.10',
    '06=6 007=7 10',
    '12345678901234567890 12345678901234567891',
  ],
};

export interface Comparison {
  a: string;
  b: string;
  /** -1 where `a` is older, 1 where it is newer. */
  order: number;
}

/** What each family's tool says of some versions. */
export function knownOrders(family: string): Comparison[] {
  return (orders[family] ?? []).flatMap((line) => {
    const ranked = line.split(' ').flatMap((texts, rank) => texts.split('=').map((text) => ({ text, rank })));
    return ranked.flatMap((one) =>
      ranked.map((two) => ({ a: one.text, b: two.text, order: Math.sign(one.rank - two.rank) })),
    );
  });
}
