# One end of a session's move, as root on the host that has it or on the one that gets it.
# Inputs: uuid; for `commit`, `complete`, `release` and `keep` also holder (what `hold` said); for `commit` files (how many the home holds), metadata (JSON) and sum (of the stream); homes and state where
# they are other folders; tally (the text of tally.ts) and, where it is another, node.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
umask 077
homes=${homes:-/home/convocate}
state=${state:-/var/lib/convocate-agent}
store=$state/sessions
home=$homes/$uuid
lock=$homes/$uuid.lock
# On the filesystem of the homes, so that the home is renamed into place.
work=$homes/.moved-$uuid
record=$state/moved/$uuid
node=${node:-/usr/local/lib/convocate/current/runtime/bin/node}

refuse() {
  echo "$*" >&2
  exit 3
}

# started PID: in clock ticks since boot (proc(5), field 22): a pid that is used again has another.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# hold: keeps every other operation off the session, and leaves nothing half done behind. Says who holds it. A line comes every
# few seconds for as long as it is wanted: who is silent is gone, also where the connection never learns of it.
hold() {
  local pid='' since=''
  if [ -e "$lock" ]; then
    read -r pid since <"$lock" || true
    [ -n "$since" ] && [ "$(started "$pid")" != "$since" ] || refuse "another operation is under way on it (process ${pid:-unknown})"
    let_go
  fi
  (set -o noclobber && echo "$$ $(started $$)" >"$lock") || refuse "another operation has begun on it"
  trap let_go EXIT
  trap 'exit 1' HUP INT TERM
  # The agent must be able to see who holds it.
  chmod 644 "$lock"
  cat "$lock"
  while read -r -t "${patience:-60}" _; do :; done
}

# let_go: not while `commit` makes a session of what was unpacked: removing it goes on inside of a folder that is renamed.
let_go() {
  { exec 8<"$lock"; } 2>/dev/null || return 0
  flock 8
  rm -rf "$work"
  rm -f "$lock"
}

# held: goes on only if the one that asked holds the session still, and keeps it so till the script ends.
held() {
  { exec 8<"$lock"; } 2>/dev/null || refuse "the session is not held any more"
  flock 8
  [ "$lock" -ef /dev/fd/8 ] && [ "$(cat "$lock")" = "$holder" ] && [ "$(started "${holder% *}")" = "${holder#* }" ] ||
    refuse "the session is not held any more"
}

# tidy: removes what `hold` left when it was killed itself.
tidy() {
  local pid='' since=''
  read -r pid since <"$lock" 2>/dev/null || true
  [ -n "$since" ] && [ "$(started "$pid")" != "$since" ] || return 0
  let_go
}

# The same tree gives the same stream: its sum tells whether anything changed.
pack() {
  tar --create --sort=name --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
    --numeric-owner --sparse --xattrs --xattrs-include='*' --acls --one-file-system --warning=no-file-ignored \
    --directory "$home" .
}

# tally: standard input on standard output, its sum on standard error.
tally() {
  "$node" --disable-warning=ExperimentalWarning --input-type=module-typescript --eval "$tally"
}

# send: the home on standard output, the stream's sum on standard error. What tar cannot read it may only warn of: every word
# of it is a failure, here and in `receive`.
send() {
  said=$(mktemp)
  trap 'head -c 2000 "$said" >&2; rm -f "$said"' EXIT
  pack 2>"$said" | tally
  [ ! -s "$said" ]
}

# sum: of what `send` would send.
sum() { pack | tally 2>&1 >/dev/null; }

# unpack: standard input. The clocks of two hosts may differ: a time to come is no news.
unpack() {
  tar --extract --numeric-owner --same-owner --preserve-permissions --xattrs --xattrs-include='*' --acls \
    --delay-directory-restore --warning=no-timestamp --directory "$work/home"
}

fail() {
  echo "$*" >&2
  exit 1
}

# receive: unpacks standard input beside the homes; the sum of what came goes to standard error.
receive() {
  local said
  rm -rf "$work"
  mkdir "$work" "$work/home"
  trap '[ "$?" -eq 0 ] || rm -rf "$work"' EXIT
  tally | {
    said=$(unpack 2>&1 | head -c 2000) || fail "$said"
    [ -z "$said" ] || fail "$said"
    cat >/dev/null
  }
}

# read_anew: the agent learns what is on its disk now. One that does not run, or is being started, does so by itself.
read_anew() { systemctl reload convocate-agent || ! systemctl --quiet is-active convocate-agent; }

# commit: what was received becomes a session, by the agent's own markers: a crash leaves all of it or nothing.
commit() {
  local there
  held
  there=$(find "$work/home" -xdev ! -type s -printf x | wc -c)
  [ "$there" = "$files" ] || refuse "$there files arrived of $files"
  [ ! -e "$home" ] && [ ! -e "$store/$uuid.json" ] || refuse "a session with this UUID has come meanwhile"
  chown convocate:convocate "$work/home"
  chmod 700 "$work/home"
  sync -f "$work"
  trap '[ -e "$store/$uuid.json" ] || { rm -f "$store/$uuid.making"; [ -e "$work/home" ] || rm -rf "$home"; }' EXIT
  mkdir -p "$state/moved"
  echo "$sum" >"$record"
  echo "$metadata" >"$store/$uuid.making.new"
  chown convocate:convocate "$store/$uuid.making.new"
  sync "$store/$uuid.making.new"
  mv -T "$store/$uuid.making.new" "$store/$uuid.making"
  mv -T "$work/home" "$home"
  sync -f "$homes"
  mv -T "$store/$uuid.making" "$store/$uuid.json"
  sync -f "$store"
  read_anew
}

# complete: what an earlier run made, and may have been killed before it was done, is made a session as an agent does at its start.
complete() {
  held
  if [ -e "$store/$uuid.making" ] && [ -d "$home" ]; then
    sync -f "$homes"
    mv -T "$store/$uuid.making" "$store/$uuid.json"
    sync -f "$store"
  fi
  read_anew
}

# withdraw: takes back what `commit` made.
withdraw() {
  [ ! -e "$store/$uuid.json" ] || mv -T "$store/$uuid.json" "$store/$uuid.gone"
  rm -f "$record"
  read_anew
}

# release: the session is not here any more. An agent removes the rest by itself, also after a crash.
release() {
  held
  docker rm "convocate-session-$uuid" >/dev/null 2>&1 || true
  if [ -e "$store/$uuid.json" ]; then
    mv -T "$store/$uuid.json" "$store/$uuid.gone"
    sync -f "$store"
    read_anew
  elif [ -d "$home" ]; then
    mv -T "$home" "$homes/.gone-$uuid"
    rm -rf "$homes/.gone-$uuid"
  fi
}

# keep: the session is not here any more, and its files stay under another name.
keep() {
  held
  docker rm "convocate-session-$uuid" >/dev/null 2>&1 || true
  [ ! -e "$homes/.kept-$uuid" ] || refuse "$homes/.kept-$uuid is there already: remove it"
  mv -T "$home" "$homes/.kept-$uuid"
  if [ -e "$store/$uuid.json" ]; then
    mv -T "$store/$uuid.json" "$store/$uuid.kept"
    read_anew
  fi
}

# forget: the move is over.
forget() { rm -f "$record"; }
