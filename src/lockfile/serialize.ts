import type { Lockfile, Package } from '../model.ts';
import { canonical, compare } from './canonical.ts';

const HEADER = '# The packages of this image, pinned. Edit the first part; `repro lock` writes the rest.';
const WIDTH = 100;

type Value = string | number | boolean | readonly string[];
type Entries = Readonly<Record<string, Value | undefined>>;

/** The one text of a content (docs/lockfile.md). */
export function serializeLockfile(lockfile: Lockfile): string {
  const { version, note, image, distro, platforms, packages, recommends, snapshot, base, cache, ...rest } =
    canonical(lockfile);
  const { labels, build, repository = [], platform = [], 'platform-packages': some } = rest;
  const parts = [
    `${HEADER}\n${lines({ version, note })}`,
    // TOML wants what is in no table before the first table.
    lines({ image, distro, platforms, packages, recommends, snapshot }),
    some && table('[platform-packages]', some, true),
    labels && table('[labels]', labels, true),
    build && table('[build]', { dockerfile: build.dockerfile, context: build.context, target: build.target }),
    build?.args && table('[build.args]', build.args, true),
    ...repository.map(({ url, suites, components, key }) =>
      table('[[repository]]', { url, suites, components, key }),
    ),
    table('[base]', {
      image: base.image,
      digest: base.digest,
      release: base.release,
      created: base.created,
      user: base.user,
    }),
    table('[cache]', { image: cache.image, digest: cache.digest, inputs: cache.inputs }),
    ...platform.map((pins) => `${table('[[platform]]', { name: pins.name })}${packageList(pins.packages)}`),
  ];
  return parts.filter((part) => part !== undefined).join('\n');
}

function table(header: string, entries: Entries, sorted = false): string {
  return `${header}\n${lines(entries, sorted)}`;
}

function lines(entries: Entries, sorted = false): string {
  const list = Object.entries(entries);
  // JavaScript puts keys such as "10" first, whatever the order they came in.
  if (sorted) list.sort(([a], [b]) => compare(a, b));
  return list.map(([name, value]) => (value === undefined ? '' : line(keyText(name), value))).join('');
}

function line(name: string, value: Value): string {
  if (typeof value === 'string') return `${name} = ${stringText(value)}\n`;
  if (typeof value !== 'object') return `${name} = ${value}\n`;
  const items = value.map(stringText);
  const short = `${name} = [${items.join(', ')}]\n`;
  return short.length <= WIDTH + 1
    ? short
    : `${name} = [\n${items.map((item) => `  ${item},\n`).join('')}]\n`;
}

function packageList(packages: readonly Package[]): string {
  return packages.length === 0 ? 'packages = []\n' : `packages = [\n${packages.map(packageLine).join('')}]\n`;
}

/** One line a package, so that a bump is one line in a diff. lockfile/lines.ts reads the same form. */
function packageLine({ name, version, arch, sha256, size, source }: Package): string {
  const from = source === undefined ? '' : `, source = ${stringText(source)}`;
  return `  { name = ${stringText(name)}, version = ${stringText(version)}, arch = ${stringText(arch)}, sha256 = ${stringText(sha256)}, size = ${size}${from} },\n`;
}

/** A TOML key, quoted where it has to be. */
export function keyText(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : stringText(name);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};
const PLAIN = /^[ !#-[\]-~]*$/;
const ESCAPED = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A basic string. What TOML forbids is escaped, and what a reader of a diff could not see. */
function stringText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return `"${text.replace(ESCAPED, (char) => ESCAPES[char] ?? codeText(char.codePointAt(0) ?? 0))}"`;
}

function codeText(code: number): string {
  const hex = code.toString(16).toUpperCase();
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
