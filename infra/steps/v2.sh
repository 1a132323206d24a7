# What convocate v2 has on a host, under the names that it gave it.

v2_ca=/etc/convocate/rsyslog-ca
v2_logins=/home/convocate/.ssh/authorized_keys

# v2_agents: id and address of those that are registered on this shell host and not ours yet: v2 notes no name of a host.
v2_agents() {
  local folder address
  for folder in /etc/convocate/agent-keys/*/; do
    if [ ! -d "$folder" ] || [ -e "$folder/name" ]; then continue; fi
    address=$(head -n 1 "$folder/agent-host" 2>/dev/null | sed 's/^.*@//; s/:[0-9]*$//') || true
    echo "$(basename "$folder") $address"
  done
}

# v2_key_lines: by these v2's shell host logs in to this host's own sshd. Ours does not.
v2_key_lines() { grep -sE '^ssh-[a-z0-9-]+ [^ ]+ shell->agent=[a-z0-9-]+ *$' "$v2_logins" || true; }

# v2_files: those that nothing of ours reads. dnsmasq's settings have had two names. As long as an agent of v2 sends its lines, what
# they are received by stays.
v2_files() {
  local file
  grep -lsF addn-hosts=/var/lib/convocate/dnsmasq-hosts /etc/dnsmasq.d/* || true
  for file in /etc/cron.daily/convocate-image-prune /etc/logrotate.d/convocate-agent-logs /var/lib/convocate/dnsmasq-hosts \
    /etc/convocate-agent/rsyslog-tls/{ca.crt,client.crt,client.key} /var/spool/rsyslog/convocate-fwd*; do
    if [ -e "$file" ]; then echo "$file"; fi
  done
  # Ours says the same.
  file=/etc/systemd/resolved.conf.d/00-convocate-dnsmasq.conf
  if [ -e "$file" ] && [ -e "${file%/*}/10-convocate.conf" ]; then echo "$file"; fi
  [ -z "$(v2_agents)" ] || return 0
  for file in "$v2_ca"/{ca,server}.{crt,key}; do
    if [ -e "$file" ]; then echo "$file"; fi
  done
  if [ -f /usr/local/bin/convocate-host ] && [ ! -L /usr/local/bin/convocate-host ]; then echo /usr/local/bin/convocate-host; fi
}

# v2_rules: the ports that it opened to everybody on the shell host. Ours are open to agents alone.
v2_rules() {
  if [ -n "$(v2_agents)" ] || [ ! -e /etc/convocate/status_host_ed25519_key ]; then return 0; fi
  ufw show added 2>/dev/null | grep -xE 'ufw allow (223|514)/tcp' || true
}

# v2_remnants: all of it, a line each.
v2_remnants() {
  v2_files
  v2_rules
  v2_key_lines | sed "s|^[^ ]* [^ ]* |$v2_logins: |"
}
