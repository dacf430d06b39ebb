import { command } from './command.ts';

export const completion = command(
  'completion <shell>',
  'Print the completion script for a shell',
  (tree) =>
    tree
      .positional('shell', {
        choices: ['bash', 'zsh', 'fish'],
        demandOption: true,
        describe: 'The shell',
      } as const)
      .example('eval "$($0 completion bash)"', 'in ~/.bashrc')
      .example('source <($0 completion zsh)', 'in ~/.zshrc, after compinit')
      .example('$0 completion fish | source', 'in ~/.config/fish/config.fish'),
  async ({ shell }) => {
    const { completion } = await import('../commands/completion.ts');
    const result = completion(shell);
    return { result: { ...result, next: [] }, text: () => result.script };
  },
);
