import anyTest, { type TestFn } from 'ava';
import { familyOf } from '../../src/distro/index.ts';
import { knownOrders, versionPairs } from '../distro/version-samples.ts';
import { engineOf, execute } from './project.ts';

const test = anyTest as TestFn;

interface Tool {
  distro: string;
  /** The image that has it. */
  image: string;
  pairs: number;
  /** For each two arguments a line: -1 where the first is older, 0, 1. */
  script: string;
}

const eachPair = (command: string) => `while [ $# != 0 ]; do ${command}; shift 2; done`;

const tools: Record<string, Tool> = {
  dpkg: {
    distro: 'debian',
    image: 'debian:trixie-slim',
    pairs: 1000,
    script: eachPair(
      'if dpkg --compare-versions "$1" lt "$2"; then echo -1; else dpkg --compare-versions "$1" eq "$2"; echo $?; fi',
    ),
  },
  rpm: {
    distro: 'rocky',
    image: 'rocky:test',
    pairs: 1000,
    // The text that a macro becomes has its limits.
    script: `while [ $# != 0 ]; do
  for n in 1 2 3 4 5 6 7 8 9 10; do [ $# = 0 ] || { echo "$1 $2"; shift 2; }; done >/tmp/pairs
  rpm --eval '%{lua: for line in io.lines("/tmp/pairs") do print(rpm.vercmp(line:match("(.*) (.*)")), " ") end}'
done | tr -s ' \\t' '\\n\\n' | sed '/^$/d'`,
  },
  zypper: {
    distro: 'opensuse-leap',
    image: 'opensuse:test',
    pairs: 50,
    script: eachPair('zypper --terse versioncmp "$1" "$2"'),
  },
  // Installed are packages p1, p2 … of the first versions; it says which conditions they don't meet.
  pacman: {
    distro: 'arch',
    image: 'arch:7',
    pairs: 1000,
    script: `n=0 db=/tmp/db/local
mkdir -p $db && echo 9 >$db/ALPM_DB_VERSION
${eachPair('n=$((n+1)); mkdir "$db/p$n-$1"; printf "%%NAME%%\\np$n\\n\\n%%VERSION%%\\n$1\\n\\n" >"$db/p$n-$1/desc"; echo "p$n>=$2" >>/tmp/older; echo "p$n<=$2" >>/tmp/newer')}
pacman -b /tmp/db -T $(cat /tmp/older) >/tmp/is-older
pacman -b /tmp/db -T $(cat /tmp/newer) >/tmp/is-newer
for p in $(seq $n); do
  if grep -q "^p$p>" /tmp/is-older; then echo -1; elif grep -q "^p$p<" /tmp/is-newer; then echo 1; else echo 0; fi
done`,
  },
};

/** The order of versions against the real tools, in the base images of the families' tests, which must be there. */
export function versionTests(suite: string, names: readonly string[]): void {
  const engine = engineOf(suite);
  for (const name of names) {
    const tool = tools[name];
    if (tool === undefined) throw new Error(name);
    const { distro, image, pairs, script } = tool;
    test.serial(`versions: the order is that of ${name}`, async (t) => {
      const family = familyOf(distro);
      if (family === undefined) throw new Error(distro);
      const known = knownOrders(family.name)
        .filter(({ order }) => order === -1)
        .map(({ a, b }): [string, string] => [a, b]);
      const all = [...known, ...versionPairs(family, pairs)];
      const run = ['run', '--rm', '--network=none', `${engine.registry}/${image}`, 'sh', '-uc', script, 'sh'];
      const { stdout, output } = await execute('docker', [...run, ...all.flat()], {
        env: { ...process.env, ...engine.env },
      });
      const theirs = stdout.trimEnd().split('\n');
      t.is(theirs.length, all.length, output);
      const differ = all.filter(
        ([a, b], index) => String(Math.sign(family.compareVersions(a, b))) !== theirs[index],
      );
      t.deepEqual(differ, []);
    });
  }
}
