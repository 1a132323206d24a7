# Names of sessions, by dnsmasq.

# serve_names EXCEPT: has dnsmasq run on the settings on standard input; it does not listen on the interface EXCEPT.
serve_names() {
  local stamp=/var/lib/convocate-provision/dnsmasq fingerprint settings=/etc/dnsmasq.d/10-convocate.conf
  local unit=/etc/systemd/system/dnsmasq.service.d/10-convocate.conf text
  text=$(cat)
  write "$settings" 644 root:root <<<"except-interface=$1"$'\n'"$text" || true
  mkdir -p "${unit%/*}" "${stamp%/*}"
  # Debian's wrapper has the host itself ask dnsmasq where resolvconf is installed, unless `lo` is an exception.
  write "$unit" 644 root:root <<EOF || true
[Service]
Environment=DNSMASQ_EXCEPT=$1
Restart=on-failure
RestartSec=1
EOF
  fingerprint=$(cat "$settings" "$unit" | sha256sum)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$fingerprint" ] || ! systemctl is-active --quiet dnsmasq; then
    rm -f "$stamp"
    systemctl daemon-reload
    systemctl enable --quiet dnsmasq
    systemctl restart dnsmasq || { journalctl -u dnsmasq -n 15 --no-pager -o cat; return 1; }
    echo "$fingerprint" >"$stamp"
  fi
}

# The fleet's names come from the status daemon's file and from nowhere else, not from /etc/hosts either; everything else is
# asked of the servers that this host has. Who may ask is the firewall's business.
serve_fleet_names() {
  install -d -o convocate -g convocate /var/lib/convocate /var/lib/convocate/hosts.d
  serve_names docker0 <<EOF
bind-dynamic
no-hosts
local=/$domain/
hostsdir=/var/lib/convocate/hosts.d
domain-needed
dns-loop-detect
EOF
}

# Sessions that v2 started run on in the engine's own network, and ask at any address of this host.
sessions_elsewhere() { docker ps -q --filter name='^/?convocate-session-' --filter network=bridge; }

# serve_sessions_names SHELL_ADDRESS: sessions ask at their bridge, which may be there later than dnsmasq. The fleet's names are
# asked of the shell host, everything else of the servers that this host has: without the shell host those alone are missing.
serve_sessions_names() {
  serve_names lo <<EOF
bind-dynamic
$([ -n "$(sessions_elsewhere)" ] || echo interface=convocate0)
no-hosts
domain-needed
$(for address in $1; do echo "server=/$domain/$address"; done)
EOF
  give_back_resolver
}

# v2 switched the listener of Ubuntu's resolver off, and its dnsmasq answered the host itself in its place; ours does not. Untested, as
# below.
give_back_resolver() {
  local off=/etc/systemd/resolved.conf.d/00-convocate-dnsmasq.conf
  if [ -e "$off" ]; then
    rm -f "$off"
    if systemctl is-active --quiet systemd-resolved; then systemctl restart systemd-resolved; fi
  fi
}

# Ubuntu's resolver has a listener on port 53 of its own (no lab host has it: untested). The host goes on with the servers that it was told of by its network.
free_dns_port() {
  systemctl is-active --quiet systemd-resolved || return 0
  case "$(readlink /etc/resolv.conf)" in
    */stub-resolv.conf) ln -sfn /run/systemd/resolve/resolv.conf /etc/.resolv.conf && mv -T /etc/.resolv.conf /etc/resolv.conf ;;
  esac
  mkdir -p /etc/systemd/resolved.conf.d
  if write /etc/systemd/resolved.conf.d/10-convocate.conf 644 root:root <<<$'[Resolve]\nDNSStubListener=no'; then
    systemctl restart systemd-resolved
  fi
}
