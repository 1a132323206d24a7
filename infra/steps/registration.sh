# Registers an agent on the shell host (`admit`, `register`), or takes its registration away (`deregister`). The shell host alone is
# asked for either: the agent may be gone.
# A drain of `force` lets the sessions be stopped that still run when the agent leaves.
# Inputs: agent_id, drain, name, address, host_key_pub, to_agent_key, to_agent_key_pub, to_shell_key_pub,
# log_until (when the certificate of its log channel ends), way (how the shell host is reached: `here`, or none by SSH).

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

# Ids that the host `name` is registered by besides its own: the stack file gave it another one.
former_ids() {
  local folder
  for folder in "$etc"/agent-keys/*/; do
    if [ "$folder" != "$etc/agent-keys/$agent_id/" ] && grep -qsxF -e "$name" "$folder/name"; then basename "$folder"; fi
  done
}

# Another key of the agent, beside those it has: `register` takes these away once it uses the new one.
admit() {
  step "admit the key of $name"
  (
    flock 9
    lines=$(awk -v own="$to_shell_key_pub agent=$agent_id" 'NF && $0 != own; END { print own }' "$keys")
    write "$keys" 640 root:convocate <<<"$lines" || true
  ) 9>"$etc/.status_authorized_keys.lock"
  # Ports and logs belong to the address, which has one holder; by its key the agent works on under the id it had until `register`.
  local id
  for id in $(former_ids); do
    step "take the ports and logs of $name from $id, its id before"
    rules "agent $id" </dev/null
    forget_logs "$id"
  done
  step "open the ports to $name"
  local wanted
  wanted=$(allow_from "$address" 223/tcp 514/tcp 53)
  rules "agent $agent_id" <<<"$wanted"
  step "file the logs of $name" && file_logs "$agent_id" "$address"
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
  write "$new/log-certificate-until" 644 root:root <<<"$log_until"
  [ -z "${way:-}" ] || write "$new/way" 644 root:root <<<"$way"
  if [ -d "$folder" ]; then
    local file
    rm -f "$folder/way"
    for file in "$new"/*; do mv -f "$file" "$folder/"; done
    rmdir "$new"
  else
    mv -T "$new" "$folder"
  fi
  step "admit the key of $name" && replace_line "$to_shell_key_pub"
  local id
  for id in $(former_ids); do
    step "remove the registration of $name as $id, its id before"
    (agent_id=$id && replace_line "")
    rm -rf "${etc:?}/agent-keys/$id"
  done
}

# An agent that answers starts nothing from here on; one whose sessions run stays. A dead one cannot be asked, and may go.
retire() {
  step "ask $name to retire"
  local said status=0 force=()
  [ "$drain" = force ] && force=(--force)
  [ -d "$etc/agent-keys/$agent_id" ] || return 0
  said=$(runuser -u convocate -- /usr/local/bin/convocate retire "$agent_id" "${force[@]}" 2>&1) || status=$?
  case $status in
    0) ;;
    5) echo "$name does not answer and is not asked again: $said" ;;
    *) refuse "$name stays in the fleet: $said" "put it back into the stack file with \`drain: force\`, run \`pulumi up\`, and take it out again" ;;
  esac
}

# A shell host that is reached another way from now on has another resource of the engine for the same registration: the new one has
# made it by the time the old one is to take it away.
deregister() {
  local registered="$etc/agent-keys/$agent_id"
  [ ! -d "$registered" ] || [ "$(cat "$registered/way" 2>/dev/null || true)" = "${way:-}" ] || return 0
  retire
  step "refuse the key of $name" && replace_line ""
  step "close the ports to $name" && rules "agent $agent_id" </dev/null
  step "take no more logs of $name" && forget_logs "$agent_id"
  step "remove the registration of $name" && rm -rf "$etc/agent-keys/$agent_id"
}

main() {
  "$1"
  echo "{\"agent\":\"$agent_id\"}" >&3
}
