import type { Package } from '../model.ts';
import type { Family } from './family.ts';

/** What a field has to look like, and what is said of one that does not. */
export type FieldRules = Record<'name' | 'version' | 'arch' | 'source', [pattern: RegExp, message: string]>;

/** `checkPackage` of a family. */
export function packageCheck(rules: FieldRules): Family['checkPackage'] {
  const fields = Object.entries(rules) as [keyof FieldRules, FieldRules['name']][];
  return (pkg: Package) => {
    for (const [field, [pattern, message]] of fields) {
      const value = pkg[field];
      if (value !== undefined && !pattern.test(value)) return { field, message };
    }
    return undefined;
  };
}
