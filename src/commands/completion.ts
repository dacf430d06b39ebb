export type Shell = 'bash' | 'zsh' | 'fish';

export interface CompletionResult {
  shell: Shell;
  script: string;
}

/** yargs lists the words; it adds their descriptions where it takes the shell for zsh. */
const SCRIPTS: Record<Shell, string> = {
  bash: `_repro() {
  mapfile -t COMPREPLY < <(SHELL=bash repro --get-yargs-completions "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
  local word=\${COMP_WORDS[COMP_CWORD]} words=("\${COMPREPLY[@]}")
  mapfile -t COMPREPLY < <(compgen -W "\${words[*]}" -- "$word")
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
