# Removes a machine with its disks, its seed and its names; what is gone already is not missed.
# Inputs: name, mac.

script=destroy

# forget SECTION LINE: takes from the network what it has.
forget() { [ -z "$2" ] || virsh net-update convocate delete "$1" "$2" --live --config; }

main() {
  step "remove the machine"
  [ -e "$machines/$name/asked" ] || { echo absent >&3; return; }
  if virsh dominfo "$name" >/dev/null 2>&1; then
    if [ "$(virsh domstate "$name")" != "shut off" ]; then virsh destroy "$name"; fi
    virsh undefine "$name" --managed-save --nvram
  fi
  step "remove its address and its name"
  local address network
  address=$(cat "$machines/$name/address")
  network=$(virsh net-dumpxml --inactive convocate)
  forget ip-dhcp-host "$(grep -o "<host mac='$mac'.*" <<<"$network" | head -n 1 || true)"
  if grep -qF "<host ip='$address'>" <<<"$network"; then forget dns-host "<host ip='$address'/>"; fi
  step "remove its disks"
  mv -T "$machines/$name" "$machines/.gone-$name"
  rm -rf "$machines"/.gone-*
  echo removed >&3
}
