/** The shells that `convocate completion` speaks. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** The only line of an answer that asks for the shell's own completion of file names. No candidate is empty. */
export const filesLine = "\tfiles";

/*
 * A script only carries: what stands on the command line goes to `convocate complete`, candidates come back, one a line, a tab and an
 * explanation behind it. Nothing of an answer is ever evaluated: bash takes it as it is, quoted by us; zsh and fish quote it themselves.
 */

/** `$2` is what readline will replace: the end of the line up to the cursor, after an opening quote or a `=`. */
const bash = String.raw`# bash completion for convocate
_convocate() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == $'\tfiles' ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    COMPREPLY+=("$line")
  done < <(convocate complete --shell bash -- "${"$"}{COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
}
complete -F _convocate convocate
`;

/** `(Q)` takes the quotes away from words; `compadd` puts them around what it inserts. */
const zsh = String.raw`#compdef convocate
_convocate() {
  local line tab=$'\t'
  local -a values texts
  while IFS= read -r line; do
    if [[ $line == ${"$"}{tab}files ]]; then
      compset -P '*='
      _files
      return
    fi
    values+=("${"$"}{line%%$tab*}")
    texts+=("${"$"}{line/$tab/  -- }")
  done < <(convocate complete --shell zsh -- "${"$"}{(@Q)words[2,CURRENT-1]}" "${"$"}{(Q)PREFIX}" 2>/dev/null </dev/null)
  compadd -l -d texts -a values
}
if [[ $funcstack[1] == _convocate ]]; then
  _convocate
else
  compdef _convocate convocate
fi
`;

const fish = String.raw`# fish completion for convocate
function __convocate_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (convocate complete --shell fish -- $before[2..-1] "$current" 2>/dev/null </dev/null)
    if test "$lines" = \tfiles
        __fish_complete_path "$current"
    else
        printf '%s\n' $lines
    end
end
complete -c convocate -f -a '(__convocate_complete)'
`;

/** What a shell runs once to learn completion. */
export const scripts: Record<Shell, string> = { bash, zsh, fish };
