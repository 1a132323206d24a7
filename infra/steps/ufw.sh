# Rules of ufw. Each of ours has a comment that says whose it is; the administrator's own stay, also where they say the same.

# rules OWNER: makes the rules on standard input, a line each in the words of `ufw show added`, those of OWNER, and no others.
# Agents register in parallel, and of two ufws that run together one loses what the other wrote: the log is what is locked.
rules() {
  (flock 7 && change_rules "$1") 7>>"$log"
}

change_rules() {
  local comment="comment 'convocate: $1'" added plain wanted rule line
  wanted=$(cat)
  added=$(ufw show added | sed -n 's/^ufw //p')
  plain=$(sed "s/ comment '.*'$//" <<<"$added")
  while read -r rule; do
    if [ -n "$rule" ] && ! grep -qxF "$rule" <<<"$plain"; then
      # shellcheck disable=SC2086
      ufw $rule comment "convocate: $1" </dev/null
    fi
  done <<<"$wanted"
  while read -r line; do
    rule=${line% "$comment"}
    if [ "$rule" != "$line" ] && ! grep -qxF "$rule" <<<"$wanted"; then
      # shellcheck disable=SC2086
      ufw --force delete $rule </dev/null
    fi
  done <<<"$added"
}

# addresses_of HOST: a name's addresses, or an address itself; fails where there are none.
addresses_of() {
  local found
  found=$(getent ahosts "$1" | awk '{ print $1 }' | sort -u)
  # What is printed here is an answer: a refusal must not be a part of it.
  [ -n "$found" ] || refuse "$1 has no address here" "correct the host's address in the stack file, or this host's DNS" >&2
  echo "$found"
}

# allow_from HOST PORT...: a rule for each address of HOST and each PORT, such as `223/tcp` or `53`.
allow_from() {
  local host=$1 addresses address port
  shift
  addresses=$(addresses_of "$host") || exit 1
  for address in $addresses; do
    for port in "$@"; do
      case $port in
        */*) echo "allow from $address to any port ${port%/*} proto ${port#*/}" ;;
        *) echo "allow from $address to any port $port" ;;
      esac
    done
  done
}

# sshd's ports were allowed before: whoever provisions stays connected. Docker's and the sessions' packets are forwarded, which is
# decided by Docker's chains before ufw's.
close_ports() {
  grep -qE '^DEFAULT_INPUT_POLICY="(DROP|REJECT)"' /etc/default/ufw || ufw default deny incoming
  ufw status | grep -q '^Status: active' || ufw --force enable
}
