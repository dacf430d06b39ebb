import type { Sources } from './sources.ts';

/** BuildKit's source policy (sourcepolicy/pb/policy.proto): of the rules that match, the last one counts. */
export function sourcePolicy({ images, remote }: Sources): string {
  const kinds = ['local', ...(remote ? ['git', 'http', 'https'] : [])];
  const rules = [
    rule('DENY', '*', 'WILDCARD'),
    ...kinds.map((kind) => rule('ALLOW', `${kind}://*`, 'WILDCARD')),
    // Exact: nothing in a name can be taken for a pattern.
    ...images.map((image) => rule('ALLOW', `docker-image://${image}`, 'EXACT')),
  ];
  return `${JSON.stringify({ version: 1, rules }, undefined, 2)}\n`;
}

function rule(action: 'ALLOW' | 'DENY', identifier: string, type: 'EXACT' | 'WILDCARD'): object {
  return { action, selector: { identifier, match_type: type } };
}
