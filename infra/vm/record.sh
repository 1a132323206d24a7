# Writes down a machine that is to be made, with its seed. From here on another run can finish it.
# Inputs: name, asked, promised_before, host_key_pub, meta_data, user_data, network_config.

script=record

# The lowest address that no machine has; the first ones are the hypervisor's.
free_address() {
  local net last
  net=$(gateway) && net=${net%.*}
  for last in $(seq 10 249); do
    if ! grep -qxsF "$net.$last" "$machines"/*/address; then echo "$net.$last" && return; fi
  done
  refuse "every address of $net.0/24 is taken" "remove machines that are not needed (convocate-host destroy-vm)"
}

main() {
  local new=$machines/.new
  step "write the machine down"
  # What others made here meanwhile was not counted.
  [ "$(promised "$name")" = "$promised_before" ] || refuse "another machine was made on this hypervisor meanwhile" "run this again: it counts anew"
  rm -rf "$new"
  mkdir -m 700 "$new" "$new/seed"
  printf '%s' "$meta_data" >"$new/seed/meta-data"
  printf '%s' "$user_data" >"$new/seed/user-data"
  printf '%s' "$network_config" >"$new/seed/network-config"
  (umask 077 && genisoimage -quiet -output "$new/seed.iso" -volid cidata -joliet -rock "$new/seed")
  rm -r "$new/seed"
  echo "$asked" >"$new/asked"
  echo "$host_key_pub" >"$new/host_key.pub"
  free_address >"$new/address"
  chmod 711 "$new"
  sync -f "$new"
  mv -T "$new" "$machines/$name"
}
