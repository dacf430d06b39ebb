import { quote, ReproError } from '../errors.ts';
import type { Package } from '../model.ts';

/** A list of packages as stanzas of lines, an empty line between them; its names of the fields. */
export interface StanzaForm
  extends Record<'name' | 'version' | 'arch' | 'sha256' | 'size' | 'source', string> {
  /** A line's key and value; with the flags `gm`. */
  line: RegExp;
}

/** Reads the packages of such a text; throws E_INVENTORY. */
export function stanzaReader(form: StanzaForm): (text: string) => Package[] {
  return (text) =>
    text
      .split(/\n{2,}/)
      .filter((stanza) => stanza.trim() !== '')
      .map((stanza) => readStanza(stanza, form));
}

function readStanza(stanza: string, form: StanzaForm): Package {
  const fields = new Map(
    [...stanza.matchAll(form.line)].map(([, key = '', value = '']) => [key, value.trimEnd()]),
  );
  const refuse = (what: string) =>
    new ReproError({
      code: 'E_INVENTORY',
      message: `the package list of the cache image has a package ${what}: ${quote(stanza.split('\n')[0] ?? '')}`,
      hint: 'collect the packages again: repro update',
    });
  const field = (key: string): string => {
    const value = fields.get(key);
    if (value) return value;
    throw refuse(`without ${key}`);
  };
  const number = (key: string): number => {
    if (/^\d{1,15}$/.test(field(key))) return Number(field(key));
    throw refuse(`whose ${key} is no number`);
  };
  const name = field(form.name);
  // Debian has "curl (8.14.1-2)" where the source's version is another than the package's (deb-control(5)).
  const source = fields.get(form.source)?.replace(/ \(.*/, '');
  return {
    name,
    version: field(form.version),
    arch: field(form.arch),
    sha256: field(form.sha256),
    size: number(form.size),
    ...(source && source !== name ? { source } : {}),
  };
}
