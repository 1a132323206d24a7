# Makes an installed host the shell host: status daemon, its host key, operators' logins.
# Inputs: app_sha256, host_key, host_key_pub, operators (authorized_keys lines), domain.

script=init-shell
etc=/etc/convocate

write_keys() {
  install -d -o root -g convocate -m 750 "$etc" "$etc/agent-keys"
  write "$etc/status_host_ed25519_key" 640 root:convocate <<<"$host_key" || true
  write "$etc/status_host_ed25519_key.pub" 644 root:root <<<"$host_key_pub" || true
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

main() {
  step "write keys" && write_keys
  step "write the unit"
  unit status "collects the agents' events and serves the fleet to operators" RuntimeDirectory=convocate \
    StateDirectory=convocate ProtectHome=yes
  step "start the status daemon"
  release convocate-status.service "$app_sha256 $(cat "$etc/status_host_ed25519_key" "$etc/domain" /etc/systemd/system/convocate-status.service | sha256sum)" 223
  step "allow the operators" && allow_operators
  echo '{"status":"running"}' >&3
}
