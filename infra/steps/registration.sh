# Registers an agent on the shell host (`register`), or takes its registration away (`deregister`). The shell host alone is
# asked for either: the agent may be gone.
# Inputs: agent_id, name, address, host_key_pub, to_agent_key, to_agent_key_pub, to_shell_key_pub.

script="registration ($1)"
etc=/etc/convocate
keys="$etc/status_authorized_keys"

# Every other agent's line, and then this one's if it has one.
replace_line() {
  (
    flock 9
    lines=$(awk -v own="agent=$agent_id" 'NF && $3 != own' "$keys")
    [ -z "$1" ] || lines+="${lines:+$'\n'}$1 agent=$agent_id"
    write "$keys" 640 root:convocate <<<"$lines" || true
  ) 9>"$etc/.status_authorized_keys.lock"
}

register() {
  local folder="$etc/agent-keys/$agent_id" new="$etc/agent-keys/.new-$agent_id"
  step "write the registration of $name"
  rm -rf "$new"
  install -d -o root -g convocate -m 750 "$new"
  write "$new/agent-host" 644 root:root <<<"$address"
  write "$new/name" 644 root:root <<<"$name"
  write "$new/host_key.pub" 644 root:root <<<"$host_key_pub"
  write "$new/shell_to_agent_ed25519_key" 640 root:convocate <<<"$to_agent_key"
  write "$new/shell_to_agent_ed25519_key.pub" 644 root:root <<<"$to_agent_key_pub"
  if [ -d "$folder" ]; then
    local file
    for file in "$new"/*; do mv -f "$file" "$folder/"; done
    rmdir "$new"
  else
    mv -T "$new" "$folder"
  fi
  step "admit the key of $name" && replace_line "$to_shell_key_pub"
}

deregister() {
  step "refuse the key of $name" && replace_line ""
  step "remove the registration of $name" && rm -rf "$etc/agent-keys/$agent_id"
}

main() {
  "$1"
  echo "{\"agent\":\"$agent_id\"}" >&3
}
