import { command, flag, list, text } from './command.ts';

export const init = command(
  'init',
  'Write a new lockfile, from what the base image says',
  (tree) =>
    tree
      .option('image', text('The image to build, with its tag', { demandOption: true }))
      .option('base', text('The base image, as FROM has it', { demandOption: true }))
      .option('package', list('A package to install, as the package manager takes it', 'p'))
      .option('platform', list('A platform to build for; default: linux/amd64, or what the base has'))
      .option('cache', text('The package cache image; default: the image, with -pkg-cache at its tag'))
      .option('distro', text("The distro, without a look at the base's os-release"))
      .option(
        'recommends',
        flag('Recommended packages on or off (--no-recommends); default: as the base has it'),
      )
      .option('dockerfile', text("The project's own Dockerfile"))
      .option('context', text('Its build context', { implies: 'dockerfile' }))
      .option('target', text('Its stage to build', { implies: 'dockerfile' }))
      .option('force', flag('Replace a lockfile that is there'))
      .example('$0 init --image registry.example/team/app:v1 --base debian:trixie -p gcc -p git', '')
      .example(
        '$0 init --image registry.example/team/app:v1 --base debian:trixie --dockerfile Dockerfile',
        '',
      ),
  async (options, ports) => {
    const { init } = await import('../commands/init.ts');
    const { initText } = await import('../report/text.ts');
    const result = await init(options, ports);
    return { result, text: (paint) => initText(result, paint) };
  },
);
