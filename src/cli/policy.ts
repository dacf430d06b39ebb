import { command, text } from './command.ts';

export const policy = command(
  'policy',
  'Write a BuildKit policy that allows the pinned images only, without network',
  (tree) =>
    tree
      .option('format', {
        ...text('json for BuildKit, rego for newer buildx; default: json'),
        choices: ['json', 'rego'],
      } as const)
      .option('output', text('The file; default: standard output', { alias: 'o' }))
      .example('$0 policy -o policy.json', 'for EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=policy.json')
      .example('$0 policy --format rego -o policy.rego', 'for docker buildx build --policy'),
  async (options, ports) => {
    const { policy } = await import('../commands/policy.ts');
    const { outputText } = await import('../report/text.ts');
    const result = await policy(options, ports);
    return { result, text: () => outputText(result) };
  },
);
