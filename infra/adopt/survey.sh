# What there is of convocate v2, and of ours, on this host: a line of JSON, every text in base64. It runs as root and changes nothing.
# The names of v2's files are its own.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

agent=/etc/convocate-agent shell=/etc/convocate homes=/home/convocate

# said COMMAND...: what it says, nothing if it fails or hangs.
said() { timeout 20 "$@" 2>/dev/null </dev/null || true; }

# v2 does not always keep the public half. ssh-keygen takes no key from a file that a group may read.
public_half() { [ ! -f "$1" ] || { cat "$1" | timeout 20 ssh-keygen -y -P '' -f /dev/stdin 2>/dev/null || true; } | cut -d' ' -f1,2; }

# Ours are links into a release; v2's are programs.
old_version() { if [ -f "$1" ] && [ ! -L "$1" ]; then echo "program"; said "$1" version | head -n 1; fi; }

# What runs, or ran, in sessions: id, name, state, image and start of each container.
containers() {
  command -v docker >/dev/null || return 0
  docker ps -aq --no-trunc --filter name='^/?convocate-session-' |
    xargs -r docker inspect -f '{{.Id}} {{.Name}} {{.State.Status}} {{.Config.Image}} {{.State.StartedAt}}'
}

sessions() { [ ! -d "$homes" ] || find "$homes" -mindepth 1 -maxdepth 1 -type d -regextype egrep -regex '.*/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' -printf '%f\n' | sort; }

# Registered agents of the shell host: id, address, whether v2 (which notes no name) or we registered it, and whether its key is pinned.
agents() {
  local folder whose pinned
  for folder in "$shell"/agent-keys/*/; do
    [ -d "$folder" ] || continue
    whose=v2
    [ ! -e "$folder/name" ] || whose=ours
    pinned=no
    [ ! -e "$folder/host_key.pub" ] || pinned=yes
    echo "$(basename "$folder") $(head -n 1 "$folder/agent-host" 2>/dev/null || true) $whose $pinned"
  done
}

fact() { printf '"%s":"%s"' "$1" "$(base64 -w0)"; }

{
  . /etc/os-release
  echo "{"
  fact platform <<<"${ID:-} ${VERSION_ID:-0} $(said dpkg --print-architecture)"; echo ,
  fact system <<<"${PRETTY_NAME:-this system}"; echo ,
  fact users < <(said getent passwd convocate claude 1337); echo ,
  fact release < <(said readlink /usr/local/lib/convocate/current); echo ,
  fact agent_program < <(old_version /usr/local/bin/convocate-agent); echo ,
  fact agent_id < <(said cat $agent/agent-id); echo ,
  fact agent_key < <(public_half $agent/ssh_host_ed25519_key); echo ,
  fact shell_host < <(said cat $agent/shell-host); echo ,
  fact shell_program < <(old_version /usr/local/bin/convocate); echo ,
  fact status_unit < <(said cat /etc/systemd/system/convocate-status.service); echo ,
  fact status_key < <(public_half $shell/status_host_ed25519_key); echo ,
  fact agents < <(agents); echo ,
  fact logins < <(said cat $homes/.ssh/authorized_keys); echo ,
  fact sessions < <(sessions); echo ,
  fact containers < <(containers); echo ,
  fact begun < <(said stat -c %n /var/lib/convocate-provision/v2.tar); echo ,
  fact remnants < <(v2_remnants); echo "}"
} | tr -d '\n'
