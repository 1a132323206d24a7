# Makes an installed host the shell host: status daemon, its host key, operators' logins.
# Inputs: app_sha256, host_key, host_key_pub, operators (authorized_keys lines), domain, login_aliases, dns_clients, log_ca, log_cert, log_key.

script=init-shell
etc=/etc/convocate

write_keys() {
  install -d -o root -g convocate -m 750 "$etc" "$etc/agent-keys"
  host_key "$etc/status_host_ed25519_key" statusHostKey
  write "$etc/domain" 644 root:root <<<"$domain" || true
  [ -e "$etc/status_authorized_keys" ] || write "$etc/status_authorized_keys" 640 root:convocate </dev/null
}

# The operators' keys open the list and nothing else.
allow_operators() {
  install -d -o convocate -g convocate -m 700 /home/convocate/.ssh
  write /home/convocate/.ssh/authorized_keys 600 convocate:convocate <<<"$operators" || true
  grep -qx /usr/local/bin/convocate /etc/shells || echo /usr/local/bin/convocate >>/etc/shells
  usermod --shell /usr/local/bin/convocate convocate
}

# Other names for the same login: same uid, home and shell. Those that the stack names no more go.
login_aliases() {
  local mark="login alias of convocate" alias
  for alias in $login_aliases; do
    getent passwd "$alias" >/dev/null ||
      useradd --non-unique --uid 1337 --gid 1337 --no-create-home --home-dir /home/convocate --comment "$mark" "$alias"
    [ "$(getent passwd "$alias" | cut -d: -f3)" = 1337 ] || refuse "the user $alias of this host is somebody else" "take it out of loginAliases"
    usermod --shell /usr/local/bin/convocate "$alias"
  done
  getent passwd | awk -F: -v mark="$mark" '$5 == mark { print $1 }' | while read -r alias; do
    # userdel refuses while the daemon runs, whose user has the same uid.
    if [[ " $login_aliases " != *" $alias "* ]]; then
      grep -v "^$alias:" /etc/passwd | write /etc/passwd 644 root:root
      grep -v "^$alias:" /etc/shadow | write /etc/shadow 640 root:shadow
    fi
  done
}

# Each agent's own are in its registration.
open_ports() {
  local client
  rules "dns clients" < <(for client in $dns_clients; do echo "allow from $client to any port 53"; done)
}

main() {
  step "write keys" && write_keys
  step "write the unit"
  unit status "collects the agents' events and serves the fleet to operators" RuntimeDirectory=convocate \
    StateDirectory=convocate ProtectHome=read-only
  step "start the status daemon"
  release convocate-status.service "$app_sha256 $(cat "$etc/status_host_ed25519_key" "$etc/domain" /etc/systemd/system/convocate-status.service | sha256sum)" 223
  step "allow the operators" && allow_operators && login_aliases
  step "serve the sessions' names" && free_dns_port && serve_fleet_names && open_ports
  step "receive the agents' logs" && serve_logs
  echo '{"status":"running"}' >&3
}
