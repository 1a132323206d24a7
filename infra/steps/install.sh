# Makes a vanilla host fit for its roles: packages, Docker, the user, the slice, runtime and programs.
# Inputs: roles, ssh_port, runtime_file, runtime_sha256, app_file, app_sha256.

script=install
lib=/usr/local/lib/convocate

has_role() { [[ " $roles " == *" $1 "* ]]; }

check_platform() {
  . /etc/os-release
  case "${ID:-}:${VERSION_ID:-0}" in
    debian:1[2-9]* | debian:[2-9][0-9]* | ubuntu:2[2-9].* | ubuntu:[3-9][0-9].*) ;;
    *) refuse "${PRETTY_NAME:-this system} is not supported" "use Debian 12 or newer, or Ubuntu 22.04 or newer" ;;
  esac
  local architecture
  architecture=$(dpkg --print-architecture) || refuse "dpkg does not work here" "see what \`dpkg --print-architecture\` says, and repair it"
  case "$architecture $runtime_file" in
    amd64*-x64.tar.gz | arm64*-arm64.tar.gz) ;;
    amd64* | arm64*) refuse "this is an $architecture host, and $runtime_file is not for it" "run the update from an $architecture machine" ;;
    *) refuse "$architecture is not supported" "use an amd64 or arm64 machine" ;;
  esac
}

# A delivered archive is copied to where only root writes before its sum is checked.
unpack() {
  local file=$1 sha256=$2 target=$3
  [ -d "$target" ] && return
  local work
  work=$(mktemp -d "$lib/.new-XXXXXX")
  cp "$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)/.convocate/$file" "$work/archive"
  echo "$sha256  $work/archive" | sha256sum --check --quiet || refuse "$file arrived damaged" "run the update again"
  mkdir "$work/tree"
  tar -xzf "$work/archive" -C "$work/tree" --no-same-owner
  mv -T "$work/tree" "$target"
  rm -rf "$work"
}

install_runtime() {
  mkdir -p "$lib"
  rm -rf "$lib"/.new-*
  unpack "$runtime_file" "$runtime_sha256" "$lib/runtime-$runtime_sha256"
}

# Containers that run outlive the engine's restart if it was told so before, which it hears without one; but not those that v2 started:
# what shall be removed at its end (--rm) is removed then. While such a container runs, the restart waits for a later update.
restart_docker() {
  local pending=/var/lib/convocate-provision/docker-restart
  if [ "$1" = changed ]; then
    systemctl reload docker
    mkdir -p "${pending%/*}" && touch "$pending"
  fi
  [ -e "$pending" ] || return 0
  for _ in $(seq 100); do
    if [ "$(docker info -f '{{.LiveRestoreEnabled}}' 2>/dev/null)" = true ]; then break; fi
    sleep 0.1
  done
  if [ "$(docker ps -q | xargs -r docker inspect -f '{{.HostConfig.AutoRemove}}' | grep -c true || true)" != 0 ]; then
    echo "containers run that the engine's restart would remove: it is not restarted now"
  else
    systemctl restart docker
    rm -f "$pending"
  fi
}

# Keeps what a host's administrator has set in daemon.json, and the driver of control groups that containers run with.
configure_docker() {
  mkdir -p /etc/docker
  local merged running
  running=$(docker ps -q 2>/dev/null || true)
  merged=$("$lib/runtime-$runtime_sha256/bin/node" -e '
    const fs = require("node:fs"), file = "/etc/docker/daemon.json";
    const old = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8") || "{}") : {};
    const driver = process.argv[1] !== "" || (old["exec-opts"] ?? []).some((o) => o.startsWith("native.cgroupdriver="));
    console.log(JSON.stringify({ ...old, "live-restore": true, "userland-proxy": false,
      "exec-opts": [...(old["exec-opts"] ?? []), ...(driver ? [] : ["native.cgroupdriver=systemd"])] }, null, 2));' "$running")
  local is=unchanged
  if write /etc/docker/daemon.json 644 root:root <<<"$merged"; then is=changed; fi
  if systemctl is-active --quiet docker; then restart_docker "$is"; fi
}

create_user() {
  local owner
  owner=$(getent passwd 1337 | cut -d: -f1 || true)
  [ "${owner:-convocate}" = convocate ] || refuse "uid 1337 belongs to $owner" "free it: sessions' files belong to uid 1337 on every host"
  getent group convocate >/dev/null || groupadd --gid 1337 convocate
  getent passwd convocate >/dev/null || useradd --uid 1337 --gid 1337 --create-home --shell /usr/sbin/nologin convocate
  # A session's root can leave programs in its home that run as the host's root: nobody else on the host may get there.
  install -d -o convocate -g convocate -m 700 /home/convocate
  # Whoever may use Docker is root. On a host that is no shell host, nobody logs in as this user.
  if has_role agent; then
    usermod -aG docker convocate
  elif id -nG convocate | grep -qw docker; then
    gpasswd -d convocate docker
  fi
  if ! has_role shell && [ "$(getent passwd convocate | cut -d: -f7)" != /usr/sbin/nologin ]; then
    usermod --shell /usr/sbin/nologin convocate
  fi
}

# All hosts of a fleet and their logs have one time.
set_utc() {
  case "$(readlink -f /etc/localtime)" in */Etc/UTC | */UTC | /etc/localtime) return ;; esac
  ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/.localtime && mv -T /etc/.localtime /etc/localtime
  echo Etc/UTC >/etc/timezone
}

# The port that provisioning came by, and those that sshd says it has: nobody is locked out.
close_firewall() {
  local port
  for port in "$ssh_port" $(sshd -T 2>/dev/null | awk '$1 == "port" { print $2 }'); do echo "allow $port/tcp"; done | sort -u | rules provisioning
  close_ports
}

create_slice() {
  local cores memory_kb
  cores=$(nproc)
  memory_kb=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
  if write /etc/systemd/system/convocate-sessions.slice 644 root:root <<EOF
[Unit]
Description=All sessions: at most 90 % of this host

[Slice]
CPUQuota=$((cores * 90))%
MemoryMax=$((memory_kb * 9 / 10))K

[Install]
WantedBy=slices.target
EOF
  then systemctl daemon-reload; fi
  systemctl enable --quiet --now convocate-sessions.slice
}

# What runs is changed by the scripts of the roles (release.sh): until then the old programs run.
install_programs() {
  local release="$lib/$app_sha256"
  unpack "$app_file" "$app_sha256" "$release"
  ln -sfn "../runtime-$runtime_sha256" "$release/runtime"
  local program
  for program in convocate convocate-agent convocate-status; do ln -sfn "$lib/current/bin/$program" "/usr/local/bin/$program"; done
}

main() {
  step "check the platform" && check_platform
  step "bring the packages up to date" && upgrade_once
  step "install the runtime" && install_runtime
  if has_role agent; then step "configure Docker" && configure_docker; fi
  step "install packages" && install_packages
  step "have security updates installed" && upgrade_unattended
  step "set the clock to UTC" && set_utc
  step "create the user" && create_user
  if has_role agent; then step "limit all sessions together" && create_slice; fi
  step "install the programs" && install_programs
  step "close the firewall" && close_firewall
  echo "{\"app\":\"$app_sha256\"}" >&3
}
