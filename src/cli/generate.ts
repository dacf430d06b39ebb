import { command, flag, text } from './command.ts';

export const generate = command(
  'generate',
  'Write the bake file for the lockfile, without network',
  (tree) =>
    tree
      .option(
        'output',
        text('The bake file, - for standard output; default: docker-bake.hcl', { alias: 'o' }),
      )
      .option('check', flag('Write nothing, fail where the file differs'))
      .option('locked', flag('Fail where anything is not pinned, or a pin does not fit'))
      .check(
        ({ check, output }) =>
          !(check && output === '-') || '--check compares a file: it needs another -o than -',
      )
      .example('$0 generate', 'write docker-bake.hcl')
      .example('$0 generate -o -', 'print it')
      .example('$0 generate --check --locked', 'for CI'),
  async (options, ports) => {
    const { generate } = await import('../commands/generate.ts');
    const { outputText } = await import('../report/text.ts');
    const result = await generate(options, ports);
    return { result, text: () => outputText(result) };
  },
);
