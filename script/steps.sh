# Sourced by the scripts here: titled steps with the time each took, plain text when not a terminal.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$root/node_modules/.bin:$PATH"
export DEBIAN_FRONTEND=noninteractive

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' plain=''
fi

# say TEXT...: one line to the operator.
say() { printf '%s\n' "$*"; }

# fail WHAT REMEDY: ends the script with what is wrong and what to do about it.
fail() {
  printf '%s%s%s\n  %s\n' "$red" "$1" "$plain" "$2" >&2
  exit 1
}

# step TITLE COMMAND...: runs COMMAND with its output indented below TITLE, then the seconds it took.
# A command that fails ends the script with its own status.
step() {
  local title=$1 start=$SECONDS status=0
  shift
  printf '%s==> %s%s\n' "$bold" "$title" "$plain"
  # Not `|| status=$?`: bash would go on inside a function after a command that failed.
  set +e
  (set -e; "$@") 2>&1 | sed -u "s/^/    $dim/; s/\$/$plain/"
  status=${PIPESTATUS[0]}
  set -e
  if [ "$status" -ne 0 ]; then
    printf '%s==> %s: failed after %d s (status %d)%s\n' "$red" "$title" $((SECONDS - start)) "$status" "$plain" >&2
    exit "$status"
  fi
  printf '%s    done in %d s%s\n' "$green" $((SECONDS - start)) "$plain"
}
