# Makes a lab host one of convocate v2: the files, users, units and rules that it leaves, by the names it gives them. Of its programs
# there are their versions, and something that runs.
# Inputs: role, agent_id, session, orphan, operator_key, shell_address, agent_address, other_address, image.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
agent=/etc/convocate-agent shell=/etc/convocate home=/home/convocate ca=/etc/convocate/rsyslog-ca

apt_get() { apt-get -y -qq -o DPkg::Lock::Timeout=120 --no-install-recommends "$@" >/dev/null; }
program() {
  printf '#!/bin/sh\ncase "$1" in\n  version) echo "%s version v2.3.0" ;;\n  *serve) exec sleep infinity ;;\nesac\n' "$1" >"/usr/local/bin/$1"
  chmod 755 "/usr/local/bin/$1"
}
unit() {
  printf '[Unit]\nDescription=%s\n\n[Service]\nType=simple\nUser=%s\nExecStart=%s\n\n[Install]\nWantedBy=multi-user.target\n' "$1" "$2" "$3" \
    >"/etc/systemd/system/$1.service"
  systemctl daemon-reload
  systemctl enable --quiet --now "$1"
}
key() { ssh-keygen -q -t ed25519 -N "" -C "$2" -f "$1"; }

the_user() {
  groupadd --gid 1337 convocate
  useradd --uid 1337 --gid 1337 --create-home --shell /bin/bash convocate
  install -d -o convocate -g convocate -m 700 $home/.ssh
  mkdir -p /etc/systemd/resolved.conf.d
  printf '[Resolve]\nDNSStubListener=no\n' >/etc/systemd/resolved.conf.d/00-convocate-dnsmasq.conf
}

an_agent() {
  apt_get install docker.io dnsmasq ufw
  usermod -aG docker convocate
  program convocate-agent
  mkdir -p $agent/rsyslog-tls /etc/cron.daily
  echo "$agent_id" >$agent/agent-id
  key $agent/ssh_host_ed25519_key "" && rm $agent/ssh_host_ed25519_key.pub
  key $agent/agent_to_shell_ed25519_key "agent=$agent_id" && chown convocate $agent/agent_to_shell_ed25519_key
  echo "$shell_address" >$agent/shell-host
  echo convocate:v2.3.0 >$agent/current-image
  key /root/shell-to-agent "shell->agent=$agent_id"
  cp /root/shell-to-agent.pub $home/.ssh/authorized_keys
  chown convocate:convocate $home/.ssh/authorized_keys
  printf '#!/bin/sh\nexit 0\n' >/etc/cron.daily/convocate-image-prune
  chmod 755 /etc/cron.daily/convocate-image-prune
  unit convocate-agent convocate "/usr/local/bin/convocate-agent serve"
  local one
  for one in "$session" "$orphan"; do
    mkdir $home/"$one"
    echo '{"uuid":"'"$one"'","name":"v2-'"${one:0:1}"'","created_at":"2026-01-01T00:00:00Z","last_accessed":"2026-01-02T00:00:00Z"}' >$home/"$one"/session.json
    chown -R convocate:convocate $home/"$one" && chmod 700 $home/"$one"
  done
}

# The image is one of ours, by v2's name for its own.
a_container() {
  docker tag "$image" convocate:v2.3.0
  docker run --rm --detach --name "convocate-session-$session" --hostname "convocate-${session:0:8}" -w $home -v "$home/$session:$home" \
    -e CONVOCATE_UID=1337 -e CONVOCATE_GID=1337 convocate:v2.3.0 bash --norc
}

# issue NAME CN: a certificate of v2's authority.
issue() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$ca/$1.key" -subj "/CN=$2" 2>/dev/null |
    openssl x509 -req -CA $ca/ca.crt -CAkey $ca/ca.key -CAcreateserial -days 365 -out "$ca/$1.crt" 2>/dev/null
  rm -f $ca/ca.srl
}

a_shell() {
  apt_get install dnsmasq ufw
  program convocate
  program convocate-host
  usermod --shell /usr/local/bin/convocate convocate
  echo "$operator_key lab@v2" >$home/.ssh/authorized_keys
  mkdir -p $ca $shell/agent-keys /var/lib/convocate
  key $shell/status_host_ed25519_key ""
  printf '# agents\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH agent=%s\n' "$agent_id" >$shell/status_authorized_keys
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca/ca.key -out $ca/ca.crt -days 3650 -subj "/CN=convocate rsyslog CA" 2>/dev/null
  issue server "$(hostname)"
  issue ../client "$agent_id" && mv $shell/client.* /root/
  local one
  for one in "$agent_id user@$agent_address" "left4later22 $other_address"; do
    install -d -m 700 "$shell/agent-keys/${one% *}"
    echo "${one#* }" >"$shell/agent-keys/${one% *}/agent-host"
    key "$shell/agent-keys/${one% *}/shell_to_agent_ed25519_key" "shell->agent=${one% *}"
  done
  echo "addn-hosts=/var/lib/convocate/dnsmasq-hosts" >/etc/dnsmasq.d/convocate.conf
  echo "$agent_address v2-1.test.internal" >/var/lib/convocate/dnsmasq-hosts
  printf '/var/log/convocate-agent/*.log {\n  daily\n}\n' >/etc/logrotate.d/convocate-agent-logs
  ufw allow 223/tcp >/dev/null && ufw allow 514/tcp >/dev/null
  unit convocate-status root "/usr/local/bin/convocate status-serve"
}

[ "$role" = a_container ] || the_user
"$role"
