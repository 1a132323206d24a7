# The shell host's end of the log channel: agents' lines come by TLS and are filed by the address they come from.

log_etc=/etc/convocate
log_ca_folder="$log_etc/rsyslog-ca"
log_peers="$log_etc/log-peers"
log_table="$log_etc/log-agents.json"
agents_logs=/var/log/convocate-agent

# known_agents: id and address, a line for each address of each agent.
known_agents() {
  local file
  for file in "$log_peers"/*; do
    if [ -f "$file" ]; then sed "s/^/${file##*/} /" "$file"; fi
  done
}

# The name under which nobody is known is one that no agent may have.
agents_table() {
  local rows
  rows=$(awk 'NF { printf "%s{\"index\":\"%s\",\"value\":\"%s\"}", (NR > 1 ? "," : ""), $2, $1 }' <<<"$1")
  echo "{\"version\":1,\"nomatch\":\"unknown\",\"type\":\"string\",\"table\":[$rows]}"
}

# Everything is set for this port alone: what else rsyslog does on this host stays as it is. Without an agent nobody is let in, and
# rsyslog would refuse a list of nobody. Its OpenSSL driver asks nobody's name when a handshake comes in more than two pieces (8.2302): any
# certificate of our authority was let in, most of the times. GnuTLS's always asks.
server_settings() {
  local permitted
  permitted=$(cut -d' ' -f1 <<<"$1" | sort -u | sed 's/.*/"&"/' | paste -sd,)
  cat <<EOF
# Written by convocate.
lookup_table(name="convocate_agents" file="$log_table")
template(name="convocate_agent_file" type="string" string="$agents_logs/%\$.agent%.log")
template(name="convocate_agent_line" type="string"
  string="%timereported:::date-rfc3339% %syslogtag%%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf%\n")
ruleset(name="convocate_agents") {
  set \$.agent = lookup("convocate_agents", \$fromhost-ip);
  action(type="omfile" dynaFile="convocate_agent_file" template="convocate_agent_line" fileCreateMode="0640"
    rotation.sizeLimit="67108864" rotation.sizeLimitCommand="/usr/local/lib/convocate/rotate-agent-logs")
}
EOF
  [ -z "$1" ] || cat <<EOF
module(load="imtcp")
input(type="imtcp" port="514" ruleset="convocate_agents" maxFrameSize="16384"
  streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name" permittedPeer=[$permitted]
  streamDriver.caFile="$log_ca_folder/ca.pem" streamDriver.certFile="$log_ca_folder/server.pem"
  streamDriver.keyFile="$log_ca_folder/server-key.pem"
  streamDriver.checkExtendedKeyPurpose="on"
  gnutlsPriorityString="SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:-MAC-ALL:+AEAD:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305")
EOF
}

# The table is read again at a signal; who may connect, at a start alone.
receive_logs() {
  local agents stamp="$log_stamps/rsyslog-agents" port=
  agents=$(known_agents)
  [ -z "$agents" ] || port=514
  write "$log_table" 644 root:root < <(agents_table "$agents") || true
  server_settings "$agents" | settle /etc/rsyslog.d/10-convocate-server.conf "$(cat "$log_ca_folder"/*.pem | sha256sum)" $port
  if [ "$(cat "$stamp" 2>/dev/null)" != "$(sha256sum <"$log_table")" ]; then
    systemctl kill -s HUP --kill-who=main rsyslog
    sha256sum <"$log_table" >"$stamp"
  fi
}

# A file that becomes too large in between is rotated when rsyslog says so: whoever floods loses lines of its own, earlier. This runs
# as a child of rsyslog then, which is why not every process of its service gets the signal.
rotate_logs() {
  write /etc/logrotate.d/convocate-agent 644 root:root <<EOF || true
$agents_logs/*.log {
  daily
  rotate 14
  maxsize 60M
  compress
  missingok
  notifempty
  create
  sharedscripts
  postrotate
    systemctl kill -s HUP --kill-who=main rsyslog.service
  endscript
}
EOF
  mkdir -p /usr/local/lib/convocate
  write /usr/local/lib/convocate/rotate-agent-logs 755 root:root <<'EOF' || true
#!/bin/sh
exec /usr/sbin/logrotate --state /var/lib/convocate-provision/agent-logs.rotated /etc/logrotate.d/convocate-agent
EOF
}

# Whoever is in the group `convocate` reads what agents log, by the folder's group.
serve_logs() {
  adapt_to_ubuntu "$log_etc"
  admit_v2
  log_files "$log_ca_folder" server.pem server-key.pem
  local owner
  owner=$(log_group)
  install -d -o root -g root -m 755 "$log_peers"
  install -d -o "$owner" -g convocate -m 2750 "$agents_logs"
  rotate_logs
  (flock 8 && receive_logs) 8>"$log_etc/.log-peers.lock"
}

# file_logs ID HOST: lets the agent ID in, whose lines come from HOST's addresses. Where one address has two agents nobody could tell
# whose a line is.
file_logs() {
  [ "$1" != unknown ] || refuse "unknown is where lines of nobody go" "give the agent another agentId"
  local addresses other
  addresses=$(addresses_of "$2")
  (
    flock 8
    other=$(known_agents | grep -v "^$1 " | grep -wF "$addresses" | head -n 1 || true)
    [ -z "$other" ] || refuse "$1 and ${other% *} have one address, ${other#* }" "give each agent's host its own"
    write "$log_peers/$1" 644 root:root <<<"$addresses" || true
    receive_logs
  ) 8>"$log_etc/.log-peers.lock"
}

# forget_logs ID: lets it in no more; what it wrote stays.
forget_logs() {
  (flock 8 && rm -f "$log_peers/$1" && receive_logs) 8>"$log_etc/.log-peers.lock"
}
