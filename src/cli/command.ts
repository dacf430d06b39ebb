import type { Argv } from 'yargs';
import type { Ports } from '../ports.ts';
import type { Notes } from '../report/outcome.ts';
import type { Paint } from '../report/paint.ts';

/** What every command takes. */
export interface Shared {
  file: string;
  json: boolean | undefined;
}

/** A command that was asked for, not yet run. Its module is loaded when it runs. */
export type Run = (ports: Ports) => Promise<{
  result: Notes;
  text(paint: Paint): string;
  /** Default: 0. */
  exitCode?: number;
}>;

export interface Command {
  name: string;
  /** Adds it to the tree; `call` gets what it has to do when it was asked for. */
  addTo(tree: Argv<Shared>, call: (run: Run) => void): void;
}

/** A command: its name and arguments, its line in the help, its options, and what it does. */
export function command<Options>(
  syntax: string,
  describe: string,
  options: (tree: Argv<Shared>) => Argv<Options>,
  run: (options: Options, ports: Ports) => ReturnType<Run>,
): Command {
  return {
    name: syntax.split(' ')[0] ?? syntax,
    addTo(tree, call) {
      tree.command(syntax, describe, options, (argv) => call((ports) => run(argv as Options, ports)));
    },
  };
}

/** An option with a value. */
export function text<const More extends object>(describe: string, more: More = {} as More) {
  return { type: 'string', requiresArg: true, describe, ...more } as const;
}

/** An option with one value or more, and that may be given again. */
export function list(describe: string, alias: string[] | string = []) {
  return { type: 'string', array: true, requiresArg: true, describe, alias } as const;
}

export function flag(describe: string) {
  return { type: 'boolean', describe } as const;
}
