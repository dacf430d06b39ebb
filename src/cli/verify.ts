import { command, flag } from './command.ts';

export const verify = command(
  'verify',
  'Prove against the registry what the lockfile says',
  (tree) =>
    tree
      .option('keep', flag('Give the cache a tag of its own, so that its registry keeps it'))
      .example('$0 verify', 'read the cache, and hash each package in it')
      .example('$0 verify --keep', 'for a release'),
  async (options, ports) => {
    const { verify } = await import('../commands/verify.ts');
    const { verifyText } = await import('../report/verify.ts');
    const result = await verify(options, ports);
    return { result, text: (paint) => verifyText(result, paint) };
  },
);
