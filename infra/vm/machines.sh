# What a hypervisor has and gave away. Needs programs' output in English.
export LC_ALL=C

machines=/var/lib/convocate-machines
gib=$((1024 * 1024 * 1024))

# Those of others count too; and those that are off, for they may be started.
domains() { if command -v virsh >/dev/null; then virsh -q list --all --uuid; fi; }

# promised EXCEPT: processors, MiB and GiB of all machines but the one of that name.
promised() {
  local uuid info cpu=0 ram=0 bytes=0 device target
  for uuid in $(domains); do
    info=$(virsh dominfo "$uuid")
    [ "$(awk '$1 == "Name:" { print $2 }' <<<"$info")" != "$1" ] || continue
    cpu=$((cpu + $(awk '$1 == "CPU(s):" { print $2 }' <<<"$info")))
    ram=$((ram + $(awk '/^Max memory:/ { print $3 }' <<<"$info") / 1024))
    while read -r _ device target _; do
      [ "$device" = disk ] || continue
      bytes=$((bytes + $(virsh domblkinfo "$uuid" "$target" | awk '$1 == "Capacity:" { print $2 }')))
    done < <(virsh -q domblklist "$uuid" --details)
  done
  echo "$cpu $ram $(((bytes + gib - 1) / gib))"
}

# Processors, MiB and GiB; of the disk, what is free or taken by machines' disks already.
capacity() {
  local folder=$machines free used=0 file
  while [ ! -d "$folder" ]; do folder=${folder%/*}/ && folder=${folder%/} && folder=${folder:-/}; done
  free=$(df -B1 --output=avail "$folder" | tail -n 1)
  for file in "$machines"/*/*.qcow2; do
    [ ! -e "$file" ] || used=$((used + $(du -B1 "$file" | cut -f1)))
  done
  echo "$(getconf _NPROCESSORS_ONLN) $(($(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo) / 1024)) $(((free + used) / gib))"
}

# The address of the hypervisor in the network of its machines; nothing: there is none yet.
gateway() {
  if command -v virsh >/dev/null; then
    virsh net-dumpxml convocate 2>/dev/null | sed -n "s/.*<ip address='\([0-9.]*\)'.*/\1/p" || true
  fi
}
