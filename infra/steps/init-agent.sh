# Makes an installed host an agent host: the agent's identity, keys, pins and settings, and the agent itself.
# Inputs: app_sha256, agent_id, host_key, host_key_pub, authorized_keys, shell_host, shell_host_key, to_shell_key,
# to_shell_key_pub, config, domain, own_names, publish_from, log_server, log_ca, log_cert, log_key.

script=init-agent
etc=/etc/convocate-agent

# The shell host's present key is admitted until the new one is in use: `seal` takes it away.
admitted_keys() {
  echo "$authorized_keys"
  grep ' shell=' "$etc/authorized_keys" 2>/dev/null | grep -vxF "$authorized_keys" || true
}

# Sessions' network is there before the first of them, as the agent would make it: they ask for names at its address here.
sessions_network() {
  docker network inspect convocate >/dev/null 2>&1 ||
    docker network create -o com.docker.network.bridge.enable_icc=false -o com.docker.network.bridge.name=convocate0 convocate
  resolver=$(docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' convocate)
  [ -n "$resolver" ] || refuse "the network of sessions has no address here" "remove it (docker network rm convocate) and run the update again"
}

write_files() {
  install -d -o root -g convocate -m 750 "$etc"
  write "$etc/agent-id" 644 root:root <<<"$agent_id" || true
  host_key "$etc/ssh_host_ed25519_key" agentHostKey
  write "$etc/authorized_keys" 640 root:convocate < <(admitted_keys) || true
  write "$etc/shell-host" 644 root:root <<<"$shell_host" || true
  write "$etc/shell_host_key.pub" 644 root:root <<<"$shell_host_key" || true
  write "$etc/agent_to_shell_ed25519_key" 640 root:convocate <<<"$to_shell_key" || true
  write "$etc/agent_to_shell_ed25519_key.pub" 644 root:root <<<"$to_shell_key_pub" || true
  # The stack cannot know the resolver: it is the first of the settings, which are never none.
  write "$etc/config.json" 644 root:root <<<"{\"dns\":[\"$resolver\"],${config#\{}" || true
}

# Sessions reach the internet and nothing of the host: none of its ports by any of its addresses, and no other session by way
# of a published port. It is a table of our own, in force before the rules of Docker and of the host's administrator, which
# it leaves alone. Replies to what the host itself opened pass; DNS passes at the bridge's own address alone.
write_firewall() {
  write "$etc/firewall.nft" 644 root:root <<'EOF' || true
table inet convocate
delete table inet convocate
table inet convocate {
  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname != "convocate0" accept
    ct direction reply accept
    meta l4proto { icmp, ipv6-icmp } accept
    meta l4proto { tcp, udp } th dport 53 fib daddr . iif type local accept
    jump refuse
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname "convocate0" oifname "convocate0" jump refuse
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
}
EOF
}

# The host's own nftables service begins by removing every table: whenever it is started, restarted or reloaded, ours comes
# after. Stopping the unit removes nothing.
write_firewall_unit() {
  write /etc/systemd/system/convocate-firewall.service 644 root:root <<EOF || true
[Unit]
Description=convocate: keeps sessions off this host
After=nftables.service
Before=convocate-agent.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f $etc/firewall.nft
ExecReload=/usr/sbin/nft -f $etc/firewall.nft

[Install]
WantedBy=multi-user.target nftables.service
EOF
}

# What is in force already stays: loading it again would change nothing, and replaces the table at one stroke if it would.
close_host() {
  write_firewall && write_firewall_unit
  systemctl daemon-reload
  systemctl enable --quiet convocate-firewall.service
  systemctl reload-or-restart convocate-firewall.service
}

# The agent's port is for the shell host; the other sides of these rules are the firewall above and the engine's chains.
open_ports() {
  local wanted shells
  shells=$(addresses_of "$shell_host")
  wanted=$(allow_from "$shell_host" 222/tcp)
  rules agent <<<"$wanted"$'\n'"allow in on convocate0 to any port 53"
  filter_published "$(grep -v : <<<"$shells"$'\n'"${publish_from// /$'\n'}" || true)"
  # On a host that is the shell host as well, its own settings serve sessions too.
  [ "$own_names" = yes ] || serve_sessions_names "$shells"
}

# No session runs on a host that is open to it: the agent starts with the rules loaded, or not at all. Sessions' processes
# count as the agent's user does, so that a limit on their number would be a session's way to stop the agent.
write_unit() {
  unit agent "runs sessions on this host" SupplementaryGroups=docker StateDirectory=convocate-agent \
    StateDirectoryMode=0700 ReadWritePaths=/home/convocate UMask=0077 LimitNPROC=infinity \
    "ExecStartPre=+/usr/sbin/nft -f $etc/firewall.nft" 'ExecReload=/bin/kill -HUP $MAINPID'
}

# An agent that was retired and is provisioned again starts sessions again: without its mark, and newly started.
take_back() {
  local mark=/var/lib/convocate-agent/retired
  if [ -e "$mark" ]; then rm -f "$mark" /var/lib/convocate-provision/convocate-agent.service; fi
}

# What the agent reads at its start alone, and what it reads again without ending a connection. The authorized keys are part
# of neither: it hears by itself that they changed.
start_settings() { cat "$etc"/{agent-id,ssh_host_ed25519_key} /etc/systemd/system/convocate-agent.service | sha256sum; }
live_settings() { cat "$etc"/{shell-host,shell_host_key.pub,agent_to_shell_ed25519_key,config.json} | sha256sum; }

main() {
  step "make the network of sessions" && sessions_network
  step "write identity, keys and settings" && write_files
  step "close the host to sessions" && close_host
  step "open ports and names to whom they are for" && open_ports
  step "write the unit" && write_unit
  step "start the agent" && take_back
  release convocate-agent.service "$app_sha256 $(start_settings)" 222
  step "prune images daily" && prune_daily
  step "let the agent read its settings" && reload convocate-agent.service "$(live_settings)"
  step "send logs to the shell host" && send_logs
  echo "{\"agent\":\"$agent_id\"}" >&3
}
