import type { Ports } from '../ports.ts';
import type { Notes } from '../report/outcome.ts';
import { command, flag, type Run } from './command.ts';

const FORMATS = ['text', 'markdown', 'json'] as const;

export const diff = command(
  'diff [sides..]',
  'Show what changed between two lockfiles, files or git revisions',
  (tree) =>
    tree
      .positional('sides', {
        type: 'string',
        array: true,
        describe: 'A, A B, A..B or A...B; default: HEAD and the lockfile',
      } as const)
      .option('format', {
        choices: FORMATS,
        requiresArg: true,
        describe: 'Default: text; markdown is for a comment on a pull request',
      } as const)
      .option('exit-code', flag('Exit with 1 where something differs, with 128 on a problem, as git does'))
      .option('textconv', flag('Print the one lockfile that is named as text, for git'))
      .option('driver', flag("Take the arguments of git's external diff driver"))
      .check(({ sides = [], textconv, driver, format, json }) => {
        if (textconv && driver) return '--textconv and --driver are two things';
        if ((textconv || driver) && (format || json)) return '--textconv and --driver print text';
        if (json && format && format !== 'json') return `--json and --format ${format} are two things`;
        if (textconv) return sides.length === 1 || '--textconv needs one file';
        if (driver)
          return [1, 7, 9].includes(sides.length) || '--driver needs the 7 arguments that git gives';
        return sides.length <= 2 || 'two can be compared, not more';
      })
      .example('$0 diff', 'what is not committed yet')
      .example('$0 diff main...HEAD', 'what a branch changes')
      .example('$0 diff old.lock new.lock', 'two files'),
  async ({ sides = [], file, format = 'text', textconv, driver, 'exit-code': exitCode }, ports) => {
    if (textconv || driver) return forGit(sides, textconv === true, ports);
    const [{ diff }, { diffText }, { diffMarkdown }, { toJson }] = await Promise.all([
      import('../commands/diff.ts'),
      import('../report/diff/text.ts'),
      import('../report/diff/markdown.ts'),
      import('../report/outcome.ts'),
    ]);
    const result = await diff({ file, sides }, ports);
    const texts = { text: diffText, markdown: diffMarkdown, json: toJson };
    return {
      result: result as Notes,
      text: (paint) => texts[format](result, paint),
      exitCode: exitCode && result.different ? 1 : 0,
    };
  },
);

async function forGit(sides: readonly string[], textconv: boolean, ports: Ports): ReturnType<Run> {
  const git = await import('../commands/git-diff.ts');
  if (textconv) {
    const { textconvText } = await import('../report/diff/textconv.ts');
    const result = await git.textconv(sides[0] ?? '', ports);
    return { result: {}, text: () => textconvText(result) };
  }
  const { driverText } = await import('../report/diff/text.ts');
  const result = await git.driverDiff(sides, ports);
  return { result: {}, text: (paint) => driverText(result, paint) };
}
