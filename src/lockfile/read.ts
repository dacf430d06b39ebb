import { quote } from '../errors.ts';
import { nearest } from './nearest.ts';

/** Where a value stands. A linked list, since nearly all of them are never looked at. */
export interface At {
  parent: At | undefined;
  key: string | number;
}

/** A problem whose place in the text is not known yet. */
export interface Finding {
  code: string;
  message: string;
  /** undefined: the whole file. */
  at: At | undefined;
  /** The place is that of the key itself. */
  onKey?: boolean;
  hint?: string | undefined;
}

/** What is wrong with a value, undefined where nothing is. */
export type Check<T> = (value: T) => Omit<Finding, 'at'> | undefined;
export type Report = (finding: Finding) => void;
/** Takes over what is right with a value, and reports what is not. */
export type Reader<T> = (value: unknown, at: At | undefined, report: Report) => T | undefined;
type Table = Record<string, unknown>;

export const top = (name: string): At => ({ parent: undefined, key: name });
export const below = (parent: At, key: string | number): At => ({ parent, key });

/** "`size`", "an entry of `packages`". */
function nameOf(at: At | undefined): string {
  if (at === undefined) return 'the file';
  return typeof at.key === 'string' ? `\`${at.key}\`` : `an entry of ${nameOf(at.parent)}`;
}

/** Control characters, halves of surrogate pairs, line separators, and what reorders text or hides in it. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;
const UNSAFE_BUT_NEWLINE = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;

/** A string. It must not be empty, unless `empty`; it may have line ends only if `lines`. */
export function text<T extends string = string>(
  check?: Check<string>,
  { empty = false, lines = false } = {},
): Reader<T> {
  return (value, at, report) => {
    if (typeof value !== 'string') return wrongType('a string', value, at, report);
    const wrong = textProblem(value, empty, lines);
    if (wrong !== undefined) report({ code: 'E_VALUE', message: `${nameOf(at)} ${wrong}`, at });
    else {
      const finding = check?.(value);
      if (finding === undefined) return value as T;
      report({ ...finding, message: `${nameOf(at)} ${finding.message}`, at });
    }
    return undefined;
  };
}

function textProblem(value: string, empty: boolean, lines: boolean): string | undefined {
  if (value === '' && !empty) return 'is empty';
  const unsafe = (lines ? UNSAFE_BUT_NEWLINE : UNSAFE).exec(value)?.[0].codePointAt(0);
  if (unsafe === undefined) return undefined;
  return `has a control character (U+${unsafe.toString(16).toUpperCase().padStart(4, '0')})`;
}

/** A string of a fixed form, that no unsafe character fits; `form` completes "… must be". */
export function matching<T extends string = string>(
  pattern: RegExp,
  form: string,
  code = 'E_VALUE',
): Reader<T> {
  const explain = text<T>((value) => ({ code, message: `must be ${form}, not ${quote(value)}` }));
  return (value, at, report) =>
    typeof value === 'string' && pattern.test(value) ? (value as T) : explain(value, at, report);
}

export const boolean: Reader<boolean> = (value, at, report) =>
  typeof value === 'boolean' ? value : wrongType('true or false', value, at, report);

/** Not negative, and exact as a JavaScript number. */
export const natural: Reader<number> = (value, at, report) => {
  if (typeof value !== 'number' && typeof value !== 'bigint')
    return wrongType('an integer', value, at, report);
  // @iarna/toml gives a bigint from 2^53 on, wrapped from 2^63 on.
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value === 0 ? 0 : value;
  report({ code: 'E_VALUE', message: `${nameOf(at)} must be an integer from 0 to 2^53 - 1`, at });
  return undefined;
};

/** What can't be read stays as undefined, so that indices hold. */
export function list<T>(item: Reader<T>): Reader<(T | undefined)[]> {
  return (value, at, report) => {
    if (!Array.isArray(value)) return wrongType('a list', value, at, report);
    return value.map((element, index) => item(element, { parent: at, key: index }, report));
  };
}

/** A table with keys of the user's choice. */
export function record<T>(keyProblem: Check<string>, item: Reader<T>): Reader<Record<string, T>> {
  return (value, at, report) => {
    if (!isTable(value)) return wrongType('a table', value, at, report);
    const result: Record<string, T> = {};
    for (const key of Object.keys(value)) {
      const here = { parent: at, key };
      // As a key of an object it would set the prototype.
      const wrong = key === '__proto__' ? "can't be used" : textProblem(key, false, false);
      const finding = wrong === undefined ? keyProblem(key) : { code: 'E_VALUE', message: wrong };
      const content = item(value[key], here, report);
      if (finding !== undefined) {
        report({
          ...finding,
          message: `the key ${quote(key)} in ${nameOf(at)} ${finding.message}`,
          at: here,
          onKey: true,
        });
      } else if (content !== undefined) result[key] = content;
    }
    return result;
  };
}

/** A table with these keys and no other. */
export function table<T extends object>(
  fields: { [K in keyof T]-?: Reader<Exclude<T[K], undefined>> },
  required: readonly (keyof T & string)[],
): Reader<Partial<T>> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return (value, at, report) => {
    if (!isTable(value)) return wrongType('a table', value, at, report);
    const result: Partial<T> = {};
    let seen = 0;
    for (const name of names) {
      if (Object.hasOwn(value, name)) {
        seen++;
        const content = fields[name](value[name], { parent: at, key: name }, report);
        if (content !== undefined) result[name] = content;
      } else if (required.includes(name)) {
        const where = at === undefined ? '' : ` in ${nameOf(at)}`;
        report({
          code: 'E_MISSING',
          message: `\`${name}\` is missing${where}`,
          at: { parent: at, key: name },
        });
      }
    }
    if (seen < Object.keys(value).length) reportUnknown(value, names, at, report);
    return result;
  };
}

function reportUnknown(value: Table, names: readonly string[], at: At | undefined, report: Report): void {
  for (const key of Object.keys(value)) {
    if (names.includes(key)) continue;
    const similar = nearest(key, names);
    const where = at === undefined ? '' : ` in ${nameOf(at)}`;
    const hint =
      similar === undefined ? `known keys${where}: ${names.join(', ')}` : `did you mean \`${similar}\`?`;
    report({
      code: 'E_UNKNOWN_KEY',
      message: `unknown key ${quote(key)}${where}`,
      at: { parent: at, key },
      onKey: true,
      hint,
    });
  }
}

function wrongType(wanted: string, value: unknown, at: At | undefined, report: Report): undefined {
  const isDate = value instanceof Date;
  const hint = isDate && wanted === 'a string' ? 'put it in quotes' : undefined;
  report({ code: 'E_TYPE', message: `${nameOf(at)} must be ${wanted}, not ${typeName(value)}`, at, hint });
  return undefined;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'an integer';
  if (typeof value === 'object') return 'a table';
  return typeof value === 'string' || typeof value === 'number' ? `a ${typeof value}` : `${value}`;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
