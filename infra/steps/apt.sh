# What apt does on a host.
# Inputs: packages.

upgraded=/var/lib/convocate-provision/upgraded
# Ubuntu's needrestart would restart services by its own choice, and apt-listchanges would ask.
export NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none

# A fresh machine may be busy with its own first upgrade: that is waited for. Files that the administrator changed stay.
apt_get() {
  apt-get -y -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# apt waits for dpkg's lock alone, not for that of the lists; and it calls lists that it could not get a success.
fetch_lists() {
  local said
  for _ in $(seq 120); do
    said=$(apt_get -o APT::Update::Error-Mode=any update 2>&1) && return
    [[ "$said" == *"Could not get lock"* ]] || break
    sleep 5
  done
  echo "$said"
  refuse "apt cannot fetch the lists of packages" "correct what it says above (network, proxy, /etc/apt/sources.list)"
}

# A host that was switched off in the middle of an upgrade; apt does nothing until this is done.
finish_interrupted() {
  if [ -n "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ]; then dpkg --configure -a --force-confdef --force-confold || true; fi
}

# Once in a host's life, before anything of ours runs there: later it would be provisioning that ends sessions. What is
# published afterwards comes by unattended-upgrades.
upgrade_once() {
  finish_interrupted
  [ -e "$upgraded" ] && return
  if [ -e /usr/local/lib/convocate/current ] || [ -n "$(docker ps -q 2>/dev/null)" ]; then
    echo "this host is in use already: its packages stay as they are"
  else
    fetch_lists
    # On Debian it is this package that marks, in /var/run/reboot-required, that another kernel came.
    apt_get --no-install-recommends install unattended-upgrades
    apt_get dist-upgrade
  fi
  mkdir -p "${upgraded%/*}"
  touch "$upgraded"
}

install_packages() {
  local missing=() package
  for package in $packages; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return
  # Package lists may be missing or old: then they are fetched.
  apt_get --no-install-recommends install "${missing[@]}" ||
    { fetch_lists && apt_get --no-install-recommends install "${missing[@]}"; }
}

# Security updates come by themselves, but for the engine: its upgrades are for a moment that somebody chooses.
upgrade_unattended() {
  write /etc/apt/apt.conf.d/52convocate 644 root:root <<'EOF' || true
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Package-Blacklist { "docker"; "containerd"; "runc$"; };
EOF
}
