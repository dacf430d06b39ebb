import { command, flag } from './command.ts';

export const lock = command(
  'lock',
  'Read digests and package lists back from the registry',
  (tree) =>
    tree
      .option('check', flag('Write nothing, fail where anything is stale'))
      .option('same-versions', flag('Fail where a package has not the same version on all platforms'))
      .option('keep', flag('Give the cache a tag of its own, so that its registry keeps it'))
      .check(({ check, keep }) => !(check && keep) || '--check changes nothing, and --keep sets a tag')
      .example('$0 lock', 'after docker buildx bake pkg-cache --push')
      .example('$0 lock --check', 'for CI'),
  async (options, ports) => {
    const { lock } = await import('../commands/lock.ts');
    const { lockText } = await import('../report/text.ts');
    const result = await lock({ ...options, sameVersions: options['same-versions'] }, ports);
    return { result, text: (paint) => lockText(result, paint) };
  },
);
