import { command, flag, text } from './command.ts';

export const verify = command(
  'verify',
  'Prove against the registry what the lockfile says',
  (tree) =>
    tree
      .option('keep', flag('Give the cache a tag of its own, so that its registry keeps it'))
      .option('rebuild', {
        type: 'string',
        describe: 'Build app (or what is named) again from scratch, compare with what was pushed',
        choices: ['app', 'pkg-cache'] as const,
        coerce: (value: 'app' | 'pkg-cache' | '') => value || 'app',
      })
      .option('upstream', flag('Ask the distro for the hashes, in a build step on the base image'))
      .option('statement', text('Write what was proved to this file, to be signed (in-toto)'))
      .option('verifier', text('A URI for who vouches for the statement', { implies: 'statement' }))
      .example('$0 verify', 'read the cache, and hash each package in it')
      .example('$0 verify --keep', 'for a release')
      .example('$0 verify --rebuild', 'the image that was pushed, from the lockfile alone'),
  async (options, ports) => {
    const { verify } = await import('../commands/verify.ts');
    const { verifyText } = await import('../report/verify.ts');
    const result = await verify(options, ports);
    return { result, text: (paint) => verifyText(result, paint) };
  },
);
