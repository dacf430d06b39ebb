import type { Argv } from 'yargs';
import { command, type Shared } from './command.ts';

export const add = command(
  'add <packages..>',
  'Ask for further packages',
  (tree) => packages(tree).example('$0 add jq', '').example('$0 add gcc=4:14.2.0-1', ''),
  async (options, ports) => {
    const { add } = await import('../commands/edit.ts');
    const { editText } = await import('../report/text.ts');
    const result = await add(options, ports);
    return { result, text: (paint) => editText(result, paint) };
  },
);

export const remove = command(
  'remove <packages..>',
  'Ask for packages no longer',
  (tree) => packages(tree).example('$0 remove jq', '').example('$0 remove gcc git', ''),
  async (options, ports) => {
    const { remove } = await import('../commands/edit.ts');
    const { editText } = await import('../report/text.ts');
    const result = await remove(options, ports);
    return { result, text: (paint) => editText(result, paint) };
  },
);

function packages(tree: Argv<Shared>) {
  return tree.positional('packages', {
    type: 'string',
    array: true,
    demandOption: true,
    describe: 'As in the lockfile',
  } as const);
}
