# Makes an installed host an agent host: the agent's identity, keys, pins and settings, and the agent itself.
# Inputs: app_sha256, agent_id, host_key, host_key_pub, authorized_keys, shell_host, shell_host_key, to_shell_key,
# to_shell_key_pub, config.

script=init-agent
etc=/etc/convocate-agent

write_files() {
  install -d -o root -g convocate -m 750 "$etc"
  write "$etc/agent-id" 644 root:root <<<"$agent_id" || true
  write "$etc/ssh_host_ed25519_key" 640 root:convocate <<<"$host_key" || true
  write "$etc/ssh_host_ed25519_key.pub" 644 root:root <<<"$host_key_pub" || true
  write "$etc/authorized_keys" 640 root:convocate <<<"$authorized_keys" || true
  write "$etc/shell-host" 644 root:root <<<"$shell_host" || true
  write "$etc/shell_host_key.pub" 644 root:root <<<"$shell_host_key" || true
  write "$etc/agent_to_shell_ed25519_key" 640 root:convocate <<<"$to_shell_key" || true
  write "$etc/agent_to_shell_ed25519_key.pub" 644 root:root <<<"$to_shell_key_pub" || true
  write "$etc/config.json" 644 root:root <<<"$config" || true
}

# The authorized keys are not part of it: the agent reads them again when they change.
fingerprint() {
  (cd "$etc" && cat agent-id ssh_host_ed25519_key shell-host shell_host_key.pub agent_to_shell_ed25519_key config.json \
    /etc/systemd/system/convocate-agent.service) | sha256sum
}

main() {
  step "write identity, keys and settings" && write_files
  step "write the unit"
  unit agent "runs sessions on this host" SupplementaryGroups=docker StateDirectory=convocate-agent \
    StateDirectoryMode=0700 ReadWritePaths=/home/convocate
  step "start the agent"
  service convocate-agent.service "$app_sha256 $(fingerprint)" 222
  echo "{\"agent\":\"$agent_id\"}" >&3
}
