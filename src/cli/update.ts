import { command, flag, text } from './command.ts';

export const update = command(
  'update',
  'Collect the packages anew, push them, lock them',
  (tree) =>
    tree
      .option('base', flag('Move the base to what its tag says today, first'))
      .option('keep', flag('Give the cache a tag of its own, so that its registry keeps it'))
      .option('output', text('The bake file; default: docker-bake.hcl', { alias: 'o' }))
      .check(({ output }) => output !== '-' || 'bake reads the bake file: it needs another -o than -')
      .example('$0 update', 'new versions of the packages')
      .example('$0 update --base', 'a new base image, too'),
  async (options, ports) => {
    const { update } = await import('../commands/update.ts');
    const { lockText } = await import('../report/text.ts');
    const result = await update(options, ports);
    return { result, text: (paint) => lockText(result, paint) };
  },
);
