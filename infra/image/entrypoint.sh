#!/bin/bash
# Runs a session: makes the user `convocate` with the host's ids, starts tmux session `convocate` with the command given
# as arguments, and lives as long as that session does. Its exit status is the command's.
set -euo pipefail

uid=${CONVOCATE_UID:-1337}
gid=${CONVOCATE_GID:-1337}
home=/home/convocate
status_file=/run/convocate-exit

getent group "$gid" >/dev/null || groupadd --gid "$gid" convocate
if ! getent passwd "$uid" >/dev/null; then
  useradd --uid "$uid" --gid "$gid" --home-dir "$home" --no-create-home --shell /bin/bash convocate
fi
user=$(getent passwd "$uid" | cut -d: -f1)
echo "$user ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/convocate
chmod 440 /etc/sudoers.d/convocate
install -o "$uid" -g "$gid" -m 600 /dev/null "$status_file"

as_user() { setpriv --reuid "$uid" --regid "$gid" --init-groups env HOME="$home" USER="$user" SHELL=/bin/bash "$@"; }

cd "$home"
as_user tmux -f /etc/tmux.conf new-session -d -s convocate -x 120 -y 40 convocate-session "$status_file" "$@"
echo "session started: $*"

stop() {
  echo "stopping"
  as_user tmux kill-session -t convocate 2>/dev/null || true
  exit 143
}
trap stop TERM INT

# `wait` is interrupted by a signal, a sleep in the foreground is not.
while as_user tmux has-session -t convocate 2>/dev/null; do
  sleep 0.5 &
  wait $! || true
done
code=$(cat "$status_file")
echo "session ended with status ${code:-unknown}"
exit "${code:-1}"
