import { command, text } from './command.ts';

export const sbom = command(
  'sbom',
  'List the locked packages as CycloneDX or SPDX, without network',
  (tree) =>
    tree
      .option('format', {
        ...text('The format; default: cyclonedx'),
        choices: ['cyclonedx', 'spdx'],
      } as const)
      .option('output', text('The file; default: standard output', { alias: 'o' }))
      .option('created', text('The time to write into it, in UTC; default: none, or that of the base'))
      .check(
        ({ created }) =>
          created === undefined ||
          isTime(created) ||
          '--created needs a time in UTC such as 2026-11-24T12:00:00Z',
      )
      .example('$0 sbom -o bom.json', 'CycloneDX 1.6')
      .example('$0 sbom --format spdx', 'SPDX 2.3'),
  async (options, ports) => {
    const { sbom } = await import('../commands/sbom.ts');
    const { outputText } = await import('../report/text.ts');
    const result = await sbom(options, ports);
    return { result: { ...result, next: [] }, text: () => outputText(result) };
  },
);

/** To the second, as SPDX has it (2.3, 6.9). A day that no month has would become another. */
function isTime(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return false;
  return new Date(text).toJSON()?.startsWith(text.slice(0, -1)) ?? false;
}
