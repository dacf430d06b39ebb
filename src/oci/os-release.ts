/** os-release(5), as far as it is used. */
export interface OsRelease {
  id: string;
  idLike: string[];
  versionId?: string;
  prettyName?: string;
}

export function parseOsRelease(text: string): OsRelease {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, unquote(value.trim()));
  }
  const versionId = fields.get('VERSION_ID');
  const prettyName = fields.get('PRETTY_NAME');
  return {
    // "If not set, a default of linux may be used."
    id: fields.get('ID') || 'linux',
    idLike: (fields.get('ID_LIKE') ?? '').split(/\s+/).filter((id) => id !== ''),
    ...(versionId && { versionId }),
    ...(prettyName && { prettyName }),
  };
}

/** "Variable assignment values must be enclosed in double or single quotes" where they have anything special, and escape as a shell does. */
function unquote(value: string): string {
  let text = '';
  let quote = '';
  for (let index = 0; index < value.length; index++) {
    const c = value.charAt(index);
    const next = value.charAt(index + 1);
    if (quote === "'") {
      if (c === "'") quote = '';
      else text += c;
    } else if (c === '\\' && next !== '' && (quote === '' || '"$`\\'.includes(next))) {
      text += next;
      index++;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else if (quote === '' && /\s/.test(c)) break;
    else text += c;
  }
  return text;
}
