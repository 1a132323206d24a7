# What both ends of the log channel need of rsyslog.

log_stamps=/var/lib/convocate-provision

# Debian's rsyslog stays root. What Ubuntu has instead stands here and nowhere else, and was not tried on one: it becomes the user
# `syslog`, and AppArmor lets it at few files.
log_group() {
  if grep -qs '^\$PrivDropToGroup syslog' /etc/rsyslog.conf; then echo syslog; else echo root; fi
}
adapt_to_ubuntu() {
  [ "$(log_group)" = syslog ] || return 0
  # On the way to its own files; the others in there have modes of their own.
  chmod o+x "$1"
  if [ -d /etc/apparmor.d/rsyslog.d ] && write /etc/apparmor.d/rsyslog.d/convocate 644 root:root <<'EOF'
/etc/convocate/log-agents.json r,
/etc/convocate/rsyslog-ca/* r,
/etc/convocate-agent/rsyslog-tls/* r,
/var/log/convocate-agent/ rw,
/var/log/convocate-agent/** rw,
/{run,var}/log/journal/ r,
/{run,var}/log/journal/** r,
EOF
  then apparmor_parser -r /etc/apparmor.d/usr.sbin.rsyslogd || true; fi
}

# log_files FOLDER CERT KEY: the certificates and the key, the latter for nobody but rsyslog.
log_files() {
  local group
  group=$(log_group)
  install -d -o root -g root -m 755 "$1"
  write "$1/ca.pem" 644 root:root <<<"$log_ca" || true
  write "$1/$2" 644 root:root <<<"$log_cert" || true
  write "$1/$3" 640 "root:$group" <<<"$log_key" || true
}

# settle FILE FINGERPRINT [PORT]: puts the settings on standard input in force as FILE, and has rsyslog read them when they or
# FINGERPRINT changed. It must then listen on PORT. What does not work is taken back, and the script fails.
settle() {
  local file=$1 stamp="$log_stamps/rsyslog-${1##*/}" new fingerprint before=
  mkdir -p "$log_stamps"
  # A file beside the others that rsyslog does not read, as its name does not end in .conf.
  rm -f "${1%/*}/.${1##*/}.new-"??????
  new=$(mktemp "${1%/*}/.${1##*/}.new-XXXXXX")
  cat >"$new"
  rsyslogd -N1 -f "$new" || { rm -f "$new"; refuse "rsyslog does not understand its new settings" "see what it says above"; }
  fingerprint="$(sha256sum <"$new") $2"
  if cmp -s "$new" "$file" && [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ] && systemctl is-active --quiet rsyslog; then
    rm -f "$new"
    return
  fi
  rm -f "$stamp"
  if [ -e "$file" ]; then before="$file.before" && cp -p "$file" "$before"; fi
  chmod 644 "$new" && mv -f "$new" "$file"
  if rsyslogd -N1 && restart_rsyslog && hears "${3:-}"; then
    rm -f "$file.before"
    echo "$fingerprint" >"$stamp"
    return
  fi
  journalctl -u rsyslog -n 15 --no-pager -o cat || true
  if [ -n "$before" ]; then mv -f "$before" "$file"; else rm -f "$file"; fi
  restart_rsyslog || true
  refuse "rsyslog does not run on its new settings" "see what it says above; it has its old ones again"
}

# Agents that are admitted one after the other restart it more often than systemd allows by itself.
restart_rsyslog() {
  systemctl reset-failed rsyslog || true
  systemctl restart rsyslog
}

# hears PORT: waits until rsyslog, and nobody else, listens on PORT; without a PORT it only runs.
hears() {
  [ -n "$1" ] || { systemctl is-active --quiet rsyslog; return; }
  for _ in $(seq 100); do
    if ss -Hltnp "sport = :$1" | grep -q '"rsyslogd"'; then return 0; fi
    sleep 0.1
  done
  echo "rsyslog does not listen on port $1"
  return 1
}
