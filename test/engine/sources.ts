/** One stanza of apt's sources (sources.list(5)), as far as the engine's set-up needs it. */
export interface Source {
  uris: string[];
  suites: string[];
  components: string[];
  /** deb822 spelling: `Signed-By`, `Trusted`, ... A value may have several lines (an embedded key). */
  options: Record<string, string>;
}

/** A file that apt would have to fetch, from `apt-get --print-uris`. */
export interface PackageFile {
  name: string;
  version: string;
  architecture: string;
  hash: string;
}

const OPTIONS: ReadonlyMap<string, string> = new Map(
  ['Signed-By', 'Trusted', 'Check-Valid-Until', 'Check-Date', 'Allow-Insecure'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

const words = (value: string | undefined): string[] =>
  (value ?? '').split(/\s+/).filter((word) => word !== '');

/** The binary sources of a one-line file (`*.list`). */
export function parseOneLine(text: string): Source[] {
  const sources: Source[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)/.exec(line);
    if (match === null) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const entries = words(options).flatMap((option) => {
      const [key = '', value = ''] = option.split(/=(.*)/s);
      const name = OPTIONS.get(key.toLowerCase());
      return name === undefined ? [] : [[name, value.replaceAll(',', ' ')] as const];
    });
    sources.push({
      uris: [uri],
      suites: [suite],
      components: words(components),
      options: Object.fromEntries(entries),
    });
  }
  return sources;
}

/** The binary, enabled sources of a deb822 file (`*.sources`). */
export function parseDeb822(text: string): Source[] {
  const stanzas = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n[ \t]*\n/);
  return stanzas.flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const field of stanza.split(/\n(?![ \t])/)) {
      const match = /^([^\s:]+)[ \t]*:[ \t]*([\s\S]*)$/.exec(field.trim());
      if (match?.[1] !== undefined) fields.set(match[1].toLowerCase(), match[2] ?? '');
    }
    const enabled = !/^(no|false|without|off|disable|0)$/.test(fields.get('enabled') ?? 'yes');
    if (!enabled || !words(fields.get('types')).includes('deb')) return [];
    const options = [...OPTIONS].flatMap(([key, name]) => {
      const value = fields.get(key);
      return value === undefined ? [] : [[name, value] as const];
    });
    return [
      {
        uris: words(fields.get('uris')),
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
        options: Object.fromEntries(options),
      },
    ];
  });
}

/**
 * Debian's own sources among the machine's, turned to another suite; only main, and of the extra suites only updates
 * and security. Sid has neither of the two.
 */
export function retarget(sources: readonly Source[], codename: string, target: string): Source[] {
  const names = [codename, 'stable', 'oldstable', 'oldoldstable', 'testing', 'unstable', 'sid'].join('|');
  const known = new RegExp(`^(?:${names})(-updates|-security)?$`);
  const result: Source[] = [];
  for (const source of sources) {
    if (!source.components.includes('main')) continue;
    const suites = source.suites.flatMap((suite) => {
      const match = known.exec(suite);
      if (match === null || (target === 'sid' && match[1] !== undefined)) return [];
      return [`${target}${match[1] ?? ''}`];
    });
    if (suites.length > 0) result.push({ ...source, suites: [...new Set(suites)], components: ['main'] });
  }
  return [...new Map(result.map((source) => [JSON.stringify(source), source])).values()];
}

export function formatDeb822(sources: readonly Source[]): string {
  const stanza = (source: Source): string =>
    [
      'Types: deb',
      `URIs: ${source.uris.join(' ')}`,
      `Suites: ${source.suites.join(' ')}`,
      `Components: ${source.components.join(' ')}`,
      ...Object.entries(source.options).map(([name, value]) => `${name}: ${value}`),
    ].join('\n');
  return `${sources.map(stanza).join('\n\n')}\n`;
}

/** What `apt-get --print-uris` lists: `'URI' FILE SIZE HASH`. File names escape `:` in versions as `%3a`. */
export function parsePrintUris(text: string): PackageFile[] {
  return text.split('\n').flatMap((line) => {
    const match = /^'[^']*' ([^_\s]+)_([^_\s]+)_([^_\s]+)\.deb \d+ (\S*)$/.exec(line);
    if (match === null) return [];
    const [, name = '', version = '', architecture = '', hash = ''] = match;
    return [{ name, version: decodeURIComponent(version), architecture, hash }];
  });
}

/**
 * What of the machine's apt configuration (`apt-config dump`) says how to reach the mirror: proxies, certificates,
 * whether dates are checked. Hooks and index targets stay out.
 */
export function acquireSettings(dump: string): string[] {
  return dump
    .split('\n')
    .filter((line) => /^Acquire::(https?|ftp|Check-Valid-Until|Check-Date|Retries|ForceIPv4)\b/i.test(line));
}

/** The codename of the Debian release that os-release(5) describes; undefined for another system. */
export function debianCodename(osRelease: string): string | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1];
  return field('ID') === 'debian' ? (field('VERSION_CODENAME') ?? 'sid') : undefined;
}
