export type Shell = 'bash' | 'zsh' | 'fish';

export interface CompletionResult {
  shell: Shell;
  script: string;
}

/** yargs lists the words; it adds their descriptions where it takes the shell for zsh. The bash of macOS is 3.2. */
const SCRIPTS: Record<Shell, string> = {
  bash: `_repro() {
  local words=$(SHELL=bash repro --get-yargs-completions "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o bashdefault -o default -F _repro repro
`,
  zsh: `#compdef repro
_repro() {
  local -a words_of_repro
  words_of_repro=("\${(@f)$(SHELL=zsh repro --get-yargs-completions "\${words[@]:0:$CURRENT}" 2>/dev/null)}")
  if [[ -n "\${words_of_repro[1]}" ]]; then _describe 'repro' words_of_repro; else _files; fi
}
compdef _repro repro
`,
  fish: `function __repro_words
  env SHELL=zsh repro --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null | string replace -r '(?<!\\\\\\\\):' \\t
end
complete -c repro -a '(__repro_words)'
`,
};

export function completion(shell: Shell): CompletionResult {
  return { shell, script: SCRIPTS[shell] };
}
