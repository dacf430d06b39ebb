import { command, text } from './command.ts';

export const doctor = command(
  'doctor',
  'Look for what would stop the other commands, and say how to mend it',
  (tree) =>
    tree
      .option('output', text('The bake file; default: docker-bake.hcl', { alias: 'o' }))
      .check(({ output }) => output !== '-' || 'bake reads the bake file: it needs another -o than -')
      .example('$0 doctor', 'docker, builder, registry, lockfile, Dockerfile')
      .example('$0 doctor --json', 'the same for scripts'),
  async (options, ports) => {
    const { doctor } = await import('../commands/doctor.ts');
    const { doctorText } = await import('../report/doctor.ts');
    const result = await doctor(options, ports);
    return {
      result: { ...result, next: [] },
      text: (paint) => doctorText(result, paint),
      exitCode: result.errorCount > 0 ? 1 : 0,
    };
  },
);
