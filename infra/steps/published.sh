# Who reaches the ports that sessions publish.

# Docker forwards them past ufw. Our chain hangs in the one that Docker leaves to others, for what goes to the sessions' bridge from
# elsewhere; what is not let through there is dropped. The engine's restart keeps it, and has the unit load it again.
# write_published ADDRESSES: those that may connect, one a line.
write_published() {
  local chain=CONVOCATE-PUBLISHED jump='DOCKER-USER -o convocate0 ! -i convocate0 -j CONVOCATE-PUBLISHED' address
  write "$etc/published.rules" 644 root:root <<EOF || true
*filter
:$chain - [0:0]
-A $chain -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
$(for address in $1; do echo "-A $chain -s $address -j RETURN"; done)
-A $chain -j DROP
COMMIT
EOF
  write /etc/systemd/system/convocate-published.service 644 root:root <<EOF || true
[Unit]
Description=convocate: who reaches the ports that sessions publish
After=docker.service ufw.service
PartOf=docker.service
Before=convocate-agent.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-/usr/sbin/iptables -w -N DOCKER-USER
ExecStart=/usr/sbin/iptables-restore -w --noflush $etc/published.rules
ExecStart=/bin/sh -c '/usr/sbin/iptables -w -C $jump || /usr/sbin/iptables -w -I $jump'

[Install]
WantedBy=multi-user.target docker.service
EOF
}

# Loading what is in force already changes nothing: the chain is replaced at one stroke.
filter_published() {
  write_published "$1"
  systemctl daemon-reload
  systemctl enable --quiet convocate-published.service
  systemctl restart convocate-published.service
}
