# Takes over a host that runs convocate v2: `prepare` before ours come, `clean` when they work.
# Inputs: adopted (the host's name in the stack).

script="adopt ($1)"
saved=/var/lib/convocate-provision/v2.tar

# A way back by hand, until ours work. Homes and images stay where they are and are not part of it.
save() {
  [ ! -e "$saved" ] || return 0
  mkdir -p "${saved%/*}"
  local files=() file
  for file in /etc/convocate /etc/convocate-agent /etc/systemd/system/convocate-{agent,status}.service \
    /etc/systemd/system/convocate-sessions.slice /usr/local/bin/convocate{,-agent,-host} /etc/dnsmasq.d/*convocate.conf \
    /etc/rsyslog.d/10-convocate-*.conf /etc/docker/daemon.json \
    /etc/systemd/resolved.conf.d/00-convocate-dnsmasq.conf "$v2_logins"; do
    if [ -e "$file" ]; then files+=("${file#/}"); fi
  done
  (umask 077 && tar -C / -cf "$saved.new" "${files[@]}")
  mv "$saved.new" "$saved"
}

# v2's files are root's alone, or its user's; what ours read they read by their group.
share_keys() {
  local folder
  for folder in /etc/convocate/agent-keys/*/; do
    [ -d "$folder" ] || continue
    chgrp -R convocate "$folder"
    chmod 750 "$folder"
    find "$folder" -type f -exec chmod 640 {} +
  done
}

prepare() {
  step "save what v2 has on $adopted" && save
  step "let the group read what is registered" && share_keys
}

clean() {
  local files lines rule
  step "remove what v2 left on $adopted"
  files=$(v2_files)
  forget_v2_authority
  [ -z "$files" ] || xargs -d '\n' rm -f <<<"$files"
  v2_rules | while read -r _ rule; do
    # shellcheck disable=SC2086
    ufw --force delete $rule </dev/null
  done
  lines=$(v2_key_lines)
  if [ -n "$lines" ]; then
    grep -vxF "$lines" "$v2_logins" | write "$v2_logins" 600 convocate:convocate || true
    [ -s "$v2_logins" ] || rm -f "$v2_logins"
  fi
  if grep -q '^/etc/dnsmasq\.d/\|/dnsmasq-hosts$' <<<"$files"; then systemctl restart dnsmasq; fi
  rm -f "$saved"
}

main() {
  "$1"
  echo "{\"host\":\"$adopted\"}" >&3
}
