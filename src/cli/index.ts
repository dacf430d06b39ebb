import yargs, { type Argv } from 'yargs';
import { DEFAULT_LOCKFILE } from '../commands/defaults.ts';
import { version } from '../version.ts';
import { type Command, flag, type Run, type Shared, text } from './command.ts';
import { completion } from './completion.ts';
import { diff } from './diff.ts';
import { doctor } from './doctor.ts';
import { add, remove } from './edit.ts';
import { generate } from './generate.ts';
import { init } from './init.ts';
import { lock } from './lock.ts';
import { merge } from './merge.ts';
import { policy } from './policy.ts';
import { sbom } from './sbom.ts';
import { update } from './update.ts';
import { type Options, oddity, usage } from './usage.ts';
import { verify } from './verify.ts';

/** In the order of the help. */
const commands: readonly Command[] = [
  ...[init, add, remove, generate, lock, update, verify, diff],
  ...[doctor, sbom, policy, merge, completion],
];

const names = commands.map(({ name }) => name);
const COMPLETE = '--get-yargs-completions';
const WIDTH = 100;

/** What the arguments ask for, or a text to print (help, version, completions). Throws E_USAGE. */
export async function parse(args: readonly string[]): Promise<Run | string> {
  // yargs would hand what follows to no command, without a word.
  if (args.includes('--') && args[0] !== COMPLETE)
    throw usage('-- is not taken: nothing here starts with -', args, names);
  let run: Run | undefined;
  let options: Options | undefined;
  const tree = build((chosen) => {
    run = chosen;
    options = optionsOf(tree);
  });
  tree.fail((message, error) => {
    // Whatever is not about the arguments is a bug, and comes with its own stack.
    if (error instanceof Error && error.name !== 'YError') throw error;
    throw usage(message, args, names, Object.keys(optionsOf(tree).key));
  });
  let output = '';
  const argv = await tree.parseAsync([...args], {}, (_error, _argv, text) => {
    output = text;
  });
  if (output !== '') return `${output}\n`;
  if (args[0] === COMPLETE) return '';
  if (run === undefined || options === undefined) throw new Error(`no command in ${JSON.stringify(args)}`);
  const odd = oddity(argv, args, options);
  if (odd !== undefined) throw usage(odd, args, names);
  return run;
}

function build(call: (run: Run) => void): Argv {
  const tree: Argv<Shared> = yargs([])
    .scriptName('repro')
    .locale('en')
    .exitProcess(false)
    .wrap(WIDTH)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .usage('$0 <command>\n\nKeeps the packages of a container image reproducible.')
    .option('file', text('The lockfile', { alias: 'f', default: DEFAULT_LOCKFILE }))
    .option('json', flag('Print the result, or the problems, as JSON'));
  for (const { addTo } of commands) addTo(tree, call);
  return tree
    .demandCommand(1, 1, 'a command is missing')
    .strict()
    .version(version)
    .help()
    .alias('help', 'h')
    .epilogue('Exit codes: 0 fine, 1 a problem that you can act on, 2 bad usage.');
}

/** Of the command that is being parsed; the method is not in the types. */
function optionsOf(tree: Argv): Options {
  return (tree as unknown as { getOptions(): Options }).getOptions();
}
