# The shell host's end of the log channel while agents of v2 are left: they know v2's authority alone, and are known by it.
# Inputs: log_ca, log_cert.

# v2_signs_ours: v2's authority vouches for ours, so that its agents trust our server; made anew for another authority of ours.
v2_signs_ours() {
  local signed="$v2_ca/ours.crt" ours
  ours=$(mktemp)
  openssl x509 <<<"$log_ca" >"$ours"
  if [ "$(openssl x509 -in "$signed" -noout -pubkey 2>/dev/null)" != "$(openssl x509 -in "$ours" -noout -pubkey)" ]; then
    openssl x509 -in "$ours" -CA "$v2_ca/ca.crt" -CAkey "$v2_ca/ca.key" -set_serial "0x$(openssl rand -hex 16)" -days 1825 -clrext \
      -extfile <(printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n') \
      -out "$signed"
  fi
  rm -f "$ours"
  cat "$signed"
}

# admit_v2: lets v2's agents in beside ours, by the addresses that they are registered with. One that has none now is left out.
admit_v2() {
  [ -e "$v2_ca/ca.crt" ] || return 0
  local id address found
  log_cert+=$'\n'$(v2_signs_ours)
  log_ca+=$'\n'$(openssl x509 -in "$v2_ca/ca.crt")
  install -d -o root -g root -m 755 "$log_peers"
  while read -r id address; do
    found=$(getent ahosts "$address" | awk '{ print $1 }' | sort -u)
    if [ -n "$found" ]; then write "$log_peers/$id" 644 root:root <<<"$found" || true; fi
  done < <(v2_agents)
  { cat "$v2_ca/peers" 2>/dev/null || true; v2_agents | cut -d' ' -f1; } | sort -u | write "$v2_ca/peers" 644 root:root || true
}

# forget_v2_authority: after the last of them, ours stands alone again, as it did in what admit_v2 was given.
forget_v2_authority() {
  if [ ! -e "$v2_ca/ca.crt" ] || [ ! -e "$v2_ca/ca.pem" ] || [ -n "$(v2_agents)" ]; then return 0; fi
  local own id
  # One that was taken away by hand, and never became ours, is nobody any more.
  while read -r id; do
    if [ ! -d "/etc/convocate/agent-keys/$id" ]; then rm -f "$log_peers/$id"; fi
  done < <(cat "$v2_ca/peers" 2>/dev/null)
  own=$(($(grep -c BEGIN "$v2_ca/ca.pem") - 1))
  awk -v own="$own" 'n < own; /^-----END/ { n++ }' "$v2_ca/ca.pem" | write "$v2_ca/ca.pem" 644 root:root || true
  openssl x509 -in "$v2_ca/server.pem" | write "$v2_ca/server.pem" 644 root:root || true
  rm -f "$v2_ca"/{ca,server,ours}.{crt,key} "$v2_ca/peers"
  (flock 8 && receive_logs) 8>"$log_etc/.log-peers.lock"
}
