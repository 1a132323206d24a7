#!/bin/bash
# Runs a session: makes the user `convocate` with the host's ids, starts tmux session `convocate` with the command given
# as arguments, and lives as long as that session does. Its exit status is the command's. What it prints is kept by the engine
# after the end: beginning and end, the last text of the screen, and with CONVOCATE_TRANSCRIPT all text as it appears.
set -euo pipefail

uid=${CONVOCATE_UID:-1337}
gid=${CONVOCATE_GID:-1337}
home=/home/convocate
status_file=/run/convocate-exit
screen_file=/run/convocate-screen
transcript=/run/convocate-transcript

getent group "$gid" >/dev/null || groupadd --gid "$gid" convocate
if ! getent passwd "$uid" >/dev/null; then
  useradd --uid "$uid" --gid "$gid" --home-dir "$home" --no-create-home --shell /bin/bash convocate
fi
user=$(getent passwd "$uid" | cut -d: -f1)
echo "$user ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/convocate
chmod 440 /etc/sudoers.d/convocate
install -o "$uid" -g "$gid" -m 600 /dev/null "$status_file"
install -o "$uid" -g "$gid" -m 600 /dev/null "$screen_file"

as_user() { setpriv --reuid "$uid" --regid "$gid" --init-groups env HOME="$home" USER="$user" SHELL=/bin/bash "$@"; }

# Prints at most 200 lines of the screen that standard input has, without control characters and blank lines at its end.
print_screen() {
  local text
  text=$(head -c 1048576 | tr -d '\000-\010\013-\037\177')
  [ -n "$text" ] || return 0
  text=$(tail -n 200 <<< "$text" | tail -c 65536)
  # The agent leaves so many lines out of what leaves the host.
  echo "last on the screen, $(wc -l <<< "$text") lines:"
  printf '%s\n' "$text"
}

cd "$home"
pipe=()
if [ -n "${CONVOCATE_TRANSCRIPT:-}" ]; then
  # As the user, nothing can write to our own output.
  mkfifo -m 600 "$transcript"
  chown "$uid:$gid" "$transcript"
  # Opened for both, it has no end when tmux's pipe has.
  cat <> "$transcript" &
  pipe=(';' pipe-pane -t convocate "exec convocate-transcript > $transcript")
fi
as_user tmux -f /etc/tmux.conf \
  new-session -d -s convocate -x 120 -y 40 convocate-session "$status_file" "$screen_file" "$@" "${pipe[@]}"
echo "session started: $*"

stop() {
  echo "stopping"
  as_user timeout 2 tmux capture-pane -p -S -200 -t convocate 2>/dev/null | print_screen || true
  as_user tmux kill-session -t convocate 2>/dev/null || true
  exit 143
}
trap stop TERM INT

# `wait` is interrupted by a signal, a sleep in the foreground is not.
while as_user tmux has-session -t convocate 2>/dev/null; do
  sleep 0.5 &
  wait $! || true
done
print_screen < "$screen_file" || true
code=$(cat "$status_file")
echo "session ended with status ${code:-unknown}"
exit "${code:-1}"
