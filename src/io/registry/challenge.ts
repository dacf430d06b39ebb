/** One challenge of a WWW-Authenticate header (RFC 9110, section 11.6.1). Scheme and parameter names in lower case. */
export interface Challenge {
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

const item =
  /\s*(?:([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|(?=\s|,|$)))|\s*,|\s*\S/gy;

/** All the challenges of a header; what can't be read is left out. Several headers may be joined by a comma. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  for (const [, name, quoted, token] of header.matchAll(item)) {
    if (name === undefined) continue;
    const value = quoted?.replace(/\\(.)/g, '$1') ?? token;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: Object.create(null) });
    else {
      const last = challenges.at(-1);
      if (last) last.parameters[name.toLowerCase()] ??= value;
    }
  }
  return challenges;
}
