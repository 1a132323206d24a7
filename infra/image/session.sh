#!/bin/bash
# What runs in the session's tmux: seeds the home once, then runs the command, and keeps the command's exit status.
# $1 is where the exit status goes, the rest is the command. CONVOCATE_REPO, _FOLDER, _BRANCH and _SETUP say what to seed.
status_file=$1
shift
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
echo "$code" > "$status_file"
exit "$code"
