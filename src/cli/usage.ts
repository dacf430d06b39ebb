import { quote, ReproError } from '../errors.ts';
import { nearest } from '../lockfile/nearest.ts';

/** The names of a command's options by kind, as yargs keeps them. */
export interface Options {
  key: object;
  string: string[];
  array: string[];
  boolean: string[];
}

/** yargs' message in our words, with what may have been meant. */
export function usage(
  message: string,
  args: readonly string[],
  commands: readonly string[],
  options: readonly string[] = [],
): ReproError {
  const command = args.find((arg) => commands.includes(arg));
  const help = `see repro ${command === undefined ? '' : `${command} `}--help`;
  const unknown = /^Unknown (?:arguments?|commands?): (.*)$/s.exec(message)?.[1]?.split(', ')[0];
  if (unknown === undefined) return problem(reworded(message), help);
  if (args.includes(unknown)) {
    const what = command === undefined ? 'command' : 'argument';
    return problem(
      `unknown ${what} ${quote(unknown)}`,
      `${suggestion(unknown, command ? [] : commands)}${help}`,
    );
  }
  const forms = [`--${unknown}`, `--no-${unknown}`];
  const given = args.map((arg) => arg.split('=')[0] ?? '').find((arg) => forms.includes(arg));
  const option = given ?? dashed(unknown);
  const prefix = option.slice(0, -unknown.length);
  return problem(`unknown option ${option}`, `${suggestion(unknown, options, prefix)}${help}`);
}

/** What yargs takes without a word: an option twice, an empty value, a value for an option that has none. */
export function oddity(
  argv: Readonly<Record<string, unknown>>,
  args: readonly string[],
  options: Options,
): string | undefined {
  for (const key of options.string.filter((name) => !options.array.includes(name))) {
    const value = argv[key];
    if (Array.isArray(value)) return `${dashed(key)} was given more than once: ${value.join(', ')}`;
    if (value === '') return `${dashed(key)} has an empty value`;
  }
  const valued = options.boolean.find((key) => args.some((arg) => arg.startsWith(`${dashed(key)}=`)));
  return valued === undefined ? undefined : `${dashed(valued)} takes no value`;
}

/** The bundle is without yargs' tables of words, and has their keys. */
function reworded(message: string): string {
  const [, bare] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (bare !== undefined) return `${dashed(bare)} needs a value`;
  const [, missing] = /^Missing required arguments?: (.*)$/.exec(message) ?? [];
  if (missing !== undefined) return `missing ${missing.split(', ').map(dashed).join(', ')}`;
  const [, option, other] =
    /^(?:Implications failed|Missing dependent arguments):\s+(\S+) -> (\S+)/.exec(message) ?? [];
  if (option !== undefined && other !== undefined) return `${dashed(option)} needs ${dashed(other)}`;
  const [, given, choices] = /^Invalid values:.*Given: (.*), Choices: (.*)$/s.exec(message) ?? [];
  if (given !== undefined) return `${given} is none of ${choices}`;
  if (message.startsWith('Not enough non-option arguments')) return 'an argument is missing';
  return message.charAt(0).toLowerCase() + message.slice(1).replaceAll('\n', ' ');
}

function suggestion(unknown: string, known: readonly string[], prefix = ''): string {
  const meant = nearest(unknown, known);
  return meant === undefined ? '' : `did you mean ${prefix}${meant}? `;
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function problem(message: string, hint: string): ReproError {
  return new ReproError({ code: 'E_USAGE', message, hint });
}
