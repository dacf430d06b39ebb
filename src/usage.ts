import { quote, ReproError } from './errors.ts';
import { nearest } from './lockfile/nearest.ts';

const COMMANDS = ['init', 'add', 'remove', 'generate', 'lock', 'update', 'completion'];

/** yargs' message in our words, with what may have been meant. */
export function usage(message: string, args: readonly string[], options: readonly string[]): ReproError {
  const command = COMMANDS.find((name) => args.includes(name));
  const help = `repro ${command === undefined ? '' : `${command} `}--help`;
  const unknown = /^Unknown (?:arguments?|commands?): (.*)$/s.exec(message)?.[1]?.split(', ')[0];
  if (unknown === undefined) return problem(inOurWords(message), `see ${help}`);
  const option = [`--${unknown}`, `-${unknown}`].find((form) =>
    args.some((arg) => arg.split('=')[0] === form),
  );
  const known = option === undefined ? (command === undefined ? COMMANDS : []) : options;
  const meant = nearest(unknown, known);
  const suggestion = meant === undefined ? '' : `did you mean ${option === undefined ? '' : '--'}${meant}? `;
  const what = option === undefined ? (command === undefined ? 'command' : 'argument') : 'option';
  return problem(`unknown ${what} ${option ?? quote(unknown)}`, `${suggestion}see ${help}`);
}

function problem(message: string, hint: string): ReproError {
  return new ReproError({ code: 'E_USAGE', message, hint });
}

const WORDS: readonly [pattern: RegExp, words: string][] = [
  [/^Not enough arguments following: (\w)$/, '-$1 needs a value'],
  [/^Not enough arguments following: ([\w-]+)$/, '--$1 needs a value'],
  [/^Missing required arguments?: (.*)$/, 'missing --$1'],
  [/^Not enough non-option arguments: .*$/, 'an argument is missing'],
];

function inOurWords(message: string): string {
  for (const [pattern, words] of WORDS) {
    if (pattern.test(message)) return message.replace(pattern, words).replaceAll(', ', ', --');
  }
  return message.charAt(0).toLowerCase() + message.slice(1).replaceAll('\n', ' ');
}
