# Makes a vanilla host a hypervisor: packages, the share of all its machines, their network.
# Inputs: packages, network.

script=hypervisor

check_platform() {
  . /etc/os-release
  case "${ID:-}:${VERSION_ID:-0} $(uname -m)" in
    "debian:1"[2-9]*" x86_64" | "debian:"[2-9][0-9]*" x86_64" | "ubuntu:2"[2-9].*" x86_64" | "ubuntu:"[3-9][0-9].*" x86_64") ;;
    *) refuse "${PRETTY_NAME:-this system} on $(uname -m) is no hypervisor for this" "use Debian 12 or newer, or Ubuntu 22.04 or newer, on x86_64" ;;
  esac
}

# libvirt puts machines into machine.slice (systemd.special(7)): what is left is the hypervisor's own.
limit_machines() {
  local cores memory_kb
  cores=$(getconf _NPROCESSORS_ONLN)
  memory_kb=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
  mkdir -p /etc/systemd/system/machine.slice.d
  if write /etc/systemd/system/machine.slice.d/10-convocate.conf 644 root:root <<EOF
[Slice]
CPUQuota=$((cores * 90))%
MemoryMax=$((memory_kb * 9 / 10))K
EOF
  then systemctl daemon-reload; fi
}

# Its dnsmasq gives machines their addresses and names, and forwards every other question to the servers that this host asks.
# `route`: libvirt lets connections from outside in, which its `nat` would not.
start_network() {
  if ! virsh net-info convocate >/dev/null 2>&1; then
    local xml
    xml=$(mktemp)
    cat >"$xml" <<EOF
<network>
  <name>convocate</name>
  <forward mode='route'/>
  <bridge name='convocate-vm' stp='off' delay='0'/>
  <ip address='${network%.0/24}.1' prefix='24'><dhcp/></ip>
</network>
EOF
    virsh net-define "$xml"
    rm -f "$xml"
  fi
  virsh net-autostart convocate
  if ! virsh -q net-list --name | grep -qx convocate; then virsh net-start convocate; fi
}

# Machines show themselves by their own addresses on the hypervisor's own network, where the fleet's hosts have a route back;
# everywhere else nobody would know the way to them.
hide_machines() {
  local net lan
  net=$(gateway) && net=${net%.*}.0/24
  lan=$(ip -4 route show scope link dev "$(ip -4 route show default | awk '{ print $5; exit }')" | awk '{ print $1 }' | paste -sd,)
  mkdir -p /etc/convocate
  write /etc/convocate/machines.nft 644 root:root <<EOF || true
table ip convocate-machines
delete table ip convocate-machines
table ip convocate-machines {
  chain nat {
    type nat hook postrouting priority srcnat;
    ip saddr $net ip daddr != { $net${lan:+,$lan} } masquerade
  }
}
EOF
  write /etc/systemd/system/convocate-machines.service 644 root:root <<'EOF' || true
[Unit]
Description=convocate: the way of machines to the rest of the world
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/convocate/machines.nft

[Install]
WantedBy=multi-user.target
EOF
  systemctl daemon-reload
  systemctl enable --quiet convocate-machines.service
  systemctl restart convocate-machines.service
}

main() {
  step "check the platform" && check_platform
  step "bring the packages up to date" && upgrade_once
  step "install packages" && install_packages
  step "start libvirt" && systemctl enable --quiet --now libvirtd.service
  step "limit all machines together" && limit_machines
  step "start the machines' network" && start_network
  step "show the machines the way out" && hide_machines
  install -d -m 711 "$machines"
}
