import yargs, { type Argv } from 'yargs';
import { DEFAULT_LOCKFILE } from './commands/defaults.ts';
import type { Ports } from './ports.ts';
import type { Notes } from './report/outcome.ts';
import type { Paint } from './report/paint.ts';
import { type Options, oddity, usage } from './usage.ts';
import { version } from './version.ts';

/** A command that was asked for, not yet run. Its module is loaded when it runs. */
export type Run = (ports: Ports) => Promise<{ result: Notes; text(paint: Paint): string }>;

const COMPLETE = '--get-yargs-completions';
const WIDTH = 100;

/** What the arguments ask for, or a text to print (help, version, completions). Throws E_USAGE. */
export async function parse(args: readonly string[]): Promise<Run | string> {
  // yargs would hand what follows to no command, without a word.
  if (args.includes('--') && args[0] !== COMPLETE)
    throw usage('-- is not taken: nothing here starts with -', args);
  let run: Run | undefined;
  let options: Options | undefined;
  const tree = build((chosen) => {
    run = chosen;
    options = optionsOf(tree);
  });
  tree.fail((message, error) => {
    // Whatever is not about the arguments is a bug, and comes with its own stack.
    if (error instanceof Error && error.name !== 'YError') throw error;
    throw usage(message, args, Object.keys(optionsOf(tree).key));
  });
  let output = '';
  const argv = await tree.parseAsync([...args], {}, (_error, _argv, text) => {
    output = text;
  });
  if (output !== '') return `${output}\n`;
  if (args[0] === COMPLETE) return '';
  if (run === undefined || options === undefined) throw new Error(`no command in ${JSON.stringify(args)}`);
  const odd = oddity(argv, args, options);
  if (odd !== undefined) throw usage(odd, args);
  return run;
}

function build(call: (run: Run) => void): Argv {
  return yargs([])
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
    .option('json', { type: 'boolean', describe: 'Print the result, or the problems, as JSON' })
    .command('init', 'Write a new lockfile, from what the base image says', initOptions, (argv) => {
      call(async (ports) => {
        const { init } = await import('./commands/init.ts');
        const { initText } = await import('./report/text.ts');
        const result = await init(argv, ports);
        return { result, text: (paint) => initText(result, paint) };
      });
    })
    .command(
      'add <packages..>',
      'Ask for further packages',
      packageList('add', 'jq', 'gcc=4:14.2.0-1'),
      (argv) => {
        call(async (ports) => {
          const { add } = await import('./commands/edit.ts');
          const { editText } = await import('./report/text.ts');
          const result = await add(argv, ports);
          return { result, text: (paint) => editText(result, paint) };
        });
      },
    )
    .command(
      'remove <packages..>',
      'Ask for packages no longer',
      packageList('remove', 'jq', 'gcc git'),
      (argv) => {
        call(async (ports) => {
          const { remove } = await import('./commands/edit.ts');
          const { editText } = await import('./report/text.ts');
          const result = await remove(argv, ports);
          return { result, text: (paint) => editText(result, paint) };
        });
      },
    )
    .command('generate', 'Write the bake file for the lockfile, without network', generateOptions, (argv) => {
      call(async (ports) => {
        const { generate } = await import('./commands/generate.ts');
        const { generateText } = await import('./report/text.ts');
        const result = await generate(argv, ports);
        return { result, text: (paint) => generateText(result, paint) };
      });
    })
    .command('lock', 'Read digests and package lists back from the registry', lockOptions, (argv) => {
      call(async (ports) => {
        const { lock } = await import('./commands/lock.ts');
        const { lockText } = await import('./report/text.ts');
        const result = await lock({ ...argv, sameVersions: argv['same-versions'] }, ports);
        return { result, text: (paint) => lockText(result, paint) };
      });
    })
    .command('update', 'Collect the packages anew, push them, lock them', updateOptions, (argv) => {
      call(async (ports) => {
        const { update } = await import('./commands/update.ts');
        const { lockText } = await import('./report/text.ts');
        const result = await update(argv, ports);
        return { result, text: (paint) => lockText(result, paint) };
      });
    })
    .command('completion <shell>', 'Print the completion script for a shell', completionOptions, (argv) => {
      call(async () => {
        const { completion } = await import('./commands/completion.ts');
        const result = completion(argv.shell);
        return { result: { ...result, next: [] }, text: () => result.script };
      });
    })
    .demandCommand(1, 1, 'a command is missing')
    .strict()
    .version(version)
    .help()
    .alias('help', 'h')
    .epilogue('Exit codes: 0 fine, 1 a problem that you can act on, 2 bad usage.');
}

function initOptions(tree: Argv<{ file: string }>) {
  return tree
    .option('image', text('The image to build, with its tag', { demandOption: true }))
    .option('base', text('The base image, as FROM has it', { demandOption: true }))
    .option('package', list('A package to install, as the package manager takes it', 'p'))
    .option('platform', list('A platform to build for; default: linux/amd64, or what the base has'))
    .option('cache', text('The package cache image; default: the image, with -pkg-cache at its tag'))
    .option('distro', text("The distro, without a look at the base's os-release"))
    .option('recommends', {
      type: 'boolean',
      describe: 'Recommended packages on or off (--no-recommends); default: as the base has it',
    })
    .option('dockerfile', text("The project's own Dockerfile"))
    .option('context', text('Its build context', { implies: 'dockerfile' }))
    .option('target', text('Its stage to build', { implies: 'dockerfile' }))
    .option('force', { type: 'boolean', describe: 'Replace a lockfile that is there' })
    .example('$0 init --image registry.example/team/app:v1 --base debian:trixie -p gcc -p git', '')
    .example('$0 init --image registry.example/team/app:v1 --base debian:trixie --dockerfile Dockerfile', '');
}

function packageList(command: string, ...examples: string[]) {
  return (tree: Argv<{ file: string }>) => {
    const packages = {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'As in the lockfile',
    } as const;
    let result = tree.positional('packages', packages);
    for (const example of examples) result = result.example(`$0 ${command} ${example}`, '');
    return result;
  };
}

function generateOptions(tree: Argv<{ file: string }>) {
  return tree
    .option('output', text('The bake file, - for standard output; default: docker-bake.hcl', { alias: 'o' }))
    .option('check', { type: 'boolean', describe: 'Write nothing, fail where the file differs' })
    .option('locked', {
      type: 'boolean',
      describe: 'Fail where anything is not pinned, or a pin does not fit',
    })
    .check(
      ({ check, output }) =>
        !(check && output === '-') || '--check compares a file: it needs another -o than -',
    )
    .example('$0 generate', 'write docker-bake.hcl')
    .example('$0 generate -o -', 'print it')
    .example('$0 generate --check --locked', 'for CI');
}

function lockOptions(tree: Argv<{ file: string }>) {
  return tree
    .option('check', { type: 'boolean', describe: 'Write nothing, fail where anything is stale' })
    .option('same-versions', {
      type: 'boolean',
      describe: 'Fail where a package has not the same version on all platforms',
    })
    .example('$0 lock', 'after docker buildx bake pkg-cache --push')
    .example('$0 lock --check', 'for CI');
}

function updateOptions(tree: Argv<{ file: string }>) {
  return tree
    .option('base', { type: 'boolean', describe: 'Move the base to what its tag says today, first' })
    .option('output', text('The bake file; default: docker-bake.hcl', { alias: 'o' }))
    .check(({ output }) => output !== '-' || 'bake reads the bake file: it needs another -o than -')
    .example('$0 update', 'new versions of the packages')
    .example('$0 update --base', 'a new base image, too');
}

function completionOptions(tree: Argv<{ file: string }>) {
  return tree
    .positional('shell', {
      choices: ['bash', 'zsh', 'fish'],
      demandOption: true,
      describe: 'The shell',
    } as const)
    .example('eval "$($0 completion bash)"', 'in ~/.bashrc')
    .example('source <($0 completion zsh)', 'in ~/.zshrc, after compinit')
    .example('$0 completion fish | source', 'in ~/.config/fish/config.fish');
}

function text<const More extends object>(describe: string, more: More = {} as More) {
  return { type: 'string', requiresArg: true, describe, ...more } as const;
}

function list(describe: string, alias: string[] | string = []) {
  return { type: 'string', array: true, requiresArg: true, describe, alias } as const;
}

/** Of the command that is being parsed; the method is not in the types. */
function optionsOf(tree: Argv): Options {
  return (tree as unknown as { getOptions(): Options }).getOptions();
}
