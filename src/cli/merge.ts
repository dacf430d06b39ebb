import { command, list, text } from './command.ts';

export const merge = command(
  'merge <base> <ours> <theirs>',
  'Merge two lockfiles with a common ancestor, as a git merge driver',
  (tree) =>
    tree
      .positional('base', file('The common ancestor, an empty file where there is none'))
      .positional('ours', file('Our side, which the result replaces'))
      .positional('theirs', file('Their side'))
      .option('output', text('Write the result there instead, - for standard output', { alias: 'o' }))
      .option('label', list('What the conflict markers call our side, then theirs', 'L'))
      .example("git config merge.repro.driver '$0 merge %O %A %B -f %P -L %X -L %Y'", '')
      .example("echo 'repro.lock merge=repro' >>.gitattributes", ''),
  async (options, ports) => {
    const { merge } = await import('../commands/merge.ts');
    const { mergeText } = await import('../report/merge.ts');
    const result = await merge(options, ports);
    return { result, text: () => mergeText(result) };
  },
);

function file(describe: string) {
  return { type: 'string', demandOption: true, describe } as const;
}
