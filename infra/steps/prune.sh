# Removes, every day, session images that nobody needs.

# A name goes when no container, running or not, was made from it or from its image, and it is neither the current one nor the one
# before. The engine itself refuses what a container began to use meanwhile.
write_prune() {
  mkdir -p /usr/local/lib/convocate
  write /usr/local/lib/convocate/prune-images 755 root:root <<'EOF' || true
#!/bin/bash
set -euo pipefail
etc=/etc/convocate-agent
kept=$(cat "$etc/current-image" "$etc/previous-image" 2>/dev/null || true)
# An image that is being delivered is not yet the current one.
[ -z "$(find /var/lib/docker/convocate-layers -mmin -120 2>/dev/null)" ] || exit 0
used=$(docker ps -aq --no-trunc | xargs -r docker inspect -f $'{{.Image}}\n{{.Config.Image}}')
docker image ls --no-trunc --filter 'reference=convocate:*' --format '{{.Repository}}:{{.Tag}} {{.ID}}' | while read -r name id; do
  if grep -qxF -e "$name" <<<"$kept" || grep -qxF -e "$name" -e "$id" <<<"$used"; then continue; fi
  docker image rm "$name" || true
done
EOF
  write /etc/systemd/system/convocate-prune.service 644 root:root <<'EOF' || true
[Unit]
Description=convocate: removes session images that nobody needs
After=docker.service

[Service]
Type=oneshot
ExecStart=/usr/local/lib/convocate/prune-images
EOF
  write /etc/systemd/system/convocate-prune.timer 644 root:root <<'EOF' || true
[Unit]
Description=convocate: removes session images that nobody needs, daily

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
EOF
}

prune_daily() {
  write_prune
  systemctl daemon-reload
  systemctl enable --quiet --now convocate-prune.timer
}
