#!/bin/bash
# Hardens sshd (CIS Debian Linux Benchmark 5.2) by a drop-in, which is taken back where sshd does not accept it: a host
# whose sshd does not start is lost. The first value that sshd reads counts, so the name sorts before others.
set -euo pipefail
umask 077

config=${1:-/etc/ssh/sshd_config}
dropin=$config.d/00-convocate-hardening.conf

wanted() {
  cat <<'END'
# Made by convocate-host create-vm.
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
HostbasedAuthentication no
IgnoreRhosts yes
PermitUserEnvironment no
X11Forwarding no
AllowAgentForwarding no
MaxAuthTries 4
MaxSessions 10
MaxStartups 10:30:60
LoginGraceTime 60
ClientAliveInterval 15
ClientAliveCountMax 3
LogLevel VERBOSE
UsePAM yes
Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group16-sha512
END
}

refuse() {
  echo "$1: $2" >&2
  exit 1
}

# What is wrong already is not ours, and is told apart from what the drop-in breaks.
said=$(sshd -t -f "$config" 2>&1) || refuse "sshd refuses its configuration as it is; nothing was changed" "$said"
grep -qiE "^[[:space:]]*Include[[:space:]]+\"?$config\.d/\*\.conf" "$config" ||
  refuse "$config does not include $config.d/*.conf; nothing was changed" "add that line at its beginning"

mkdir -p "$config.d"
if ! { [ -e "$dropin" ] && wanted | cmp -s - "$dropin"; }; then
  before=$(mktemp)
  trap 'rm -f "$before"' EXIT
  had=
  if [ -e "$dropin" ]; then had=yes && cp -p "$dropin" "$before"; fi
  wanted >"$dropin"
  if ! said=$(sshd -t -f "$config" 2>&1); then
    if [ -n "$had" ]; then cp -p "$before" "$dropin"; else rm -f "$dropin"; fi
    refuse "sshd refuses the hardening, which was taken back" "$said"
  fi
fi
# Also where it was there: an earlier run may have been killed in between. Only the system's own sshd: Debian and Ubuntu call it ssh.
if [ "$config" = /etc/ssh/sshd_config ] && systemctl is-active --quiet ssh; then systemctl reload ssh; fi
