#!/bin/bash
# What runs in the session's tmux: seeds the home once, then runs the command, and keeps the command's exit status.
# $1 is where the exit status goes, $2 where the last text of the screen goes, the rest is the command. CONVOCATE_REPO, _FOLDER, _BRANCH and _SETUP say what to seed.
status_file=$1
screen_file=$2
shift 2
seeded=$HOME/.convocate-seeded

seed() {
  if [ -n "${CONVOCATE_REPO:-}" ] && [ ! -e "$HOME/$CONVOCATE_FOLDER" ]; then
    echo "cloning $CONVOCATE_REPO"
    git clone ${CONVOCATE_BRANCH:+--branch "$CONVOCATE_BRANCH"} -- "$CONVOCATE_REPO" "$HOME/$CONVOCATE_FOLDER" || return
  fi
  cd "$HOME/${CONVOCATE_FOLDER:-}" || return
  if [ -n "${CONVOCATE_SETUP:-}" ]; then
    echo "setting up: $CONVOCATE_SETUP"
    bash -lc "$CONVOCATE_SETUP" || return
  fi
  touch "$seeded"
}

if [ -n "${CONVOCATE_REPO:-}${CONVOCATE_SETUP:-}" ] && [ ! -e "$seeded" ] && ! seed; then
  echo "The session could not be set up. Put it right here; its command starts when this shell ends, or with the session's next start."
  bash -l
fi
if [ -n "${CONVOCATE_FOLDER:-}" ] && [ -d "$HOME/$CONVOCATE_FOLDER" ]; then cd "$HOME/$CONVOCATE_FOLDER" || true; fi
"$@"
code=$?
# tmux tells where the cursor is when it has read all that was printed before.
IFS= read -rs -t 2 -d R -p $'\e[6n'
tmux capture-pane -p -S -200 -t "$TMUX_PANE" > "$screen_file"
echo "$code" > "$status_file"
exit "$code"
