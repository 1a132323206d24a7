# Begins every script that provisioning runs on a host. The script comes on standard input, with its inputs as variables;
# what it prints goes to a log on the host, and its end to the operator when it fails.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

log=/var/log/convocate-provision.log
exec 3>&1 4>&2
touch "$log" && chmod 600 "$log"
run_log=$(mktemp)
exec >"$run_log" 2>&1
current="start"

# Where nothing can be written, the log does not say so, or not where. In a trap, `return` alone would be with the script's own status,
# and end the trap.
full_disks() {
  case "$(tail -n 1 "$run_log")" in "" | "==> "* | *"o space left"* | *"write error"*) ;; *) return 0 ;; esac
  df -P / /etc /home /tmp /usr/local/lib /var/log /var/lib/convocate-provision /var/lib/docker 2>/dev/null |
    awk 'NR > 1 && $4 < 64 { print "no space is left on " $6 ": free some" }' | sort -u
}

finish() {
  status=$?
  { echo "--- $(date -u +%FT%TZ) $script: status $status"; cat "$run_log"; } >>"$log"
  if [ "$status" -ne 0 ]; then
    { echo "step \"$current\" of $script failed on $(hostname); the end of its log ($log):"; tail -n 20 "$run_log" | cut -c1-500; full_disks; } >&4
  fi
  rm -f "$run_log"
  exit "$status"
}
trap finish EXIT

# step TITLE: names what follows. Where its name cannot be written, all of `step … && …` would be passed over as if it were done.
step() {
  current=$1
  echo "==> $1" || exit 1
}

# refuse WHAT REMEDY: ends the script with a reason that no log is needed to understand.
refuse() {
  echo "$1: $2"
  exit 1
}

# write FILE MODE OWNER: writes standard input to FILE by way of a temporary file; tells by its status whether FILE changed.
# Callers look at that status, which switches `set -e` off in here: a failure, such as a full disk, must end the script itself.
# Programs that read every file of a folder leave out those that begin with a dot; what a switched off host has left of them is removed.
write() {
  local new="${1%/*}/.${1##*/}.new-"
  rm -f "$new"??????
  new=$(mktemp "${new}XXXXXX") || exit 1
  { cat >"$new" && chown "$3" "$new" && chmod "$2" "$new"; } || { rm -f "$new"; exit 1; }
  if cmp -s "$new" "$1"; then
    rm -f "$new"
    { chown "$3" "$1" && chmod "$2" "$1"; } || exit 1
    return 1
  fi
  mv -f "$new" "$1" || exit 1
}

# host_key FILE SETTING: writes $host_key and $host_key_pub as FILE and FILE.pub. Without the first, the host keeps the key that it
# has, of which SETTING in the stack file has the other half.
host_key() {
  if [ -n "$host_key" ]; then
    write "$1" 640 root:convocate <<<"$host_key" || true
  else
    # ssh-keygen takes no key from a file that a group may read.
    [ "$(cat "$1" | ssh-keygen -y -P '' -f /dev/stdin | cut -d' ' -f1,2)" = "$host_key_pub" ] ||
      refuse "the key in $1 is not the one of $2" "put it back, or take $2 out of the host's entry: the stack makes another then"
    chown root:convocate "$1" && chmod 640 "$1"
  fi
  write "$1.pub" 644 root:root <<<"$host_key_pub" || true
}

# unit NAME DESCRIPTION LINES...: writes the unit of one of our daemons, `convocate-NAME`; LINES go into its [Service] part.
unit() {
  local name=$1 description=$2
  shift 2
  write "/etc/systemd/system/convocate-$name.service" 644 root:root <<EOF || true
[Unit]
Description=convocate: $description
After=network-online.target docker.service
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=all
WatchdogSec=60
User=convocate
Group=convocate
ExecStart=/usr/local/bin/convocate-$name serve
Restart=always
RestartSec=1
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@resources @privileged
SystemCallFilter=@chown
SystemCallErrorNumber=EPERM
LockPersonality=yes
RemoveIPC=yes
$(printf '%s\n' "$@")

[Install]
WantedBy=multi-user.target
EOF
}
