# Which of the unpacked releases a host runs.
# Inputs: app_sha256.

lib=/usr/local/lib/convocate
stamps=/var/lib/convocate-provision

# The link is flipped last: until then the old programs run, and a half-unpacked release is never found.
run_on() {
  if [ "$(readlink "$lib/current")" != "$1" ]; then
    ln -sfn "$1" "$lib/.current" && mv -T "$lib/.current" "$lib/current"
  fi
}

# listens PORT: waits until something answers on PORT of this host.
listens() {
  for _ in $(seq 100); do
    if (exec 5<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.2
  done
  return 1
}

# steady NAME: whether a service that was just started goes on; one that crashes after its first second is not healthy either.
steady() {
  local restarts
  restarts=$(systemctl show -p NRestarts --value "$1")
  sleep 2
  systemctl is-active --quiet "$1" && [ "$(systemctl show -p NRestarts --value "$1")" = "$restarts" ]
}

# service NAME FINGERPRINT PORT: enables a service, restarts it when what it runs on changed, and waits until it answers
# and goes on.
service() {
  local stamp="$stamps/$1" fingerprint
  fingerprint="$2 $(readlink -f "$lib/current/runtime")"
  systemctl daemon-reload
  systemctl enable --quiet "$1"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$fingerprint" ] || ! systemctl is-active --quiet "$1"; then
    rm -f "$stamp"
    { systemctl restart "$1" && listens "$3" && steady "$1"; } || { journalctl -u "$1" -n 15 --no-pager -o cat; return 1; }
  fi
  listens "$3" || { journalctl -u "$1" -n 15 --no-pager -o cat; return 1; }
  echo "$fingerprint" >"$stamp"
}

# release NAME FINGERPRINT PORT: makes NAME run on this release. When it does not become healthy, it goes back to the one that it
# was healthy on, and the script fails: the next `pulumi up` tries again.
release() {
  local name=$1 port=$3 healthy
  mkdir -p "$stamps"
  healthy=$(cat "$stamps/$name.release" 2>/dev/null || true)
  run_on "$app_sha256"
  if service "$@"; then
    echo "$app_sha256" >"$stamps/$name.release"
    return
  fi
  if [ -z "$healthy" ] || [ "$healthy" = "$app_sha256" ] || [ ! -d "$lib/$healthy" ]; then
    refuse "$name does not become healthy" "see what it says above, or in journalctl -u $name"
  fi
  echo "going back to release ${healthy:0:12}"
  run_on "$healthy"
  rm -f "$stamps/$name"
  if systemctl restart "$name" && listens "$port"; then
    refuse "$name of release ${app_sha256:0:12} does not become healthy" "release ${healthy:0:12} runs again; see what the new one says above"
  fi
  refuse "$name becomes healthy neither on release ${app_sha256:0:12} nor on ${healthy:0:12} as before" "see journalctl -u $name"
}

# reload NAME FINGERPRINT: lets a service read its settings again when they changed.
reload() {
  local stamp="$stamps/$1.settings"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$2" ]; then
    systemctl reload "$1"
    echo "$2" >"$stamp"
  fi
}
