# Makes a machine that is written down, or goes on where that stopped, and starts it.
# Inputs: name, domain, cpu, ram, osdisk, datadisk, image_sha256, virt_type, mac, data_serial.

script=machine

make_disks() {
  local image=$machines/images/$image_sha256.img size
  # Newer releases tell of the file below first.
  size=$(qemu-img info --output=json "$image" | sed -n 's/.*"virtual-size": *\([0-9]*\).*/\1/p' | tail -n 1)
  [ "$size" -le $((osdisk * gib)) ] || refuse "the image takes $(((size + gib - 1) / gib)) GiB, and --osdisk is $osdisk" "give --osdisk $(((size + gib - 1) / gib)) or more"
  if [ ! -e os.qcow2 ]; then
    qemu-img convert -O qcow2 "$image" os.new
    qemu-img resize -q os.new "${osdisk}G"
    mv os.new os.qcow2
  fi
  if [ ! -e data.qcow2 ]; then
    qemu-img create -q -f qcow2 data.new "${datadisk}G"
    mv data.new data.qcow2
  fi
}

# known TEXT SECTION XML: adds to the network what it does not have yet.
known() {
  if ! virsh net-dumpxml --inactive convocate | grep -qF "$1"; then
    virsh net-update convocate add "$2" "$3" --live --config
  fi
}

name_it() {
  local address
  address=$(cat address)
  known "<host mac='$mac'" ip-dhcp-host "<host mac='$mac' name='$name' ip='$address'/>"
  known "<hostname>$name.$domain</hostname>" dns-host "<host ip='$address'><hostname>$name.$domain</hostname></host>"
}

# The order of its disks is not left to chance: one without a system would be tried first. Kernels made for clouds know virtio alone: no
# SATA drive for the seed.
define_it() {
  if virsh dominfo "$name" >/dev/null 2>&1; then return; fi
  virt-install --name "$name" --virt-type "$virt_type" --vcpus "$cpu" --memory "$ram" --import --print-xml \
    --osinfo detect=on,require=off --graphics none --network "network=convocate,mac=$mac,model=virtio" \
    --disk "path=$PWD/os.qcow2,format=qcow2,bus=virtio,boot.order=1" \
    --disk "path=$PWD/data.qcow2,format=qcow2,bus=virtio,serial=$data_serial" \
    --controller type=scsi,model=virtio-scsi --disk "path=$PWD/seed.iso,device=cdrom,bus=scsi" --serial "file,path=$PWD/console.log" >domain.xml
  virsh define domain.xml
}

main() {
  cd "$machines/$name"
  step "make the disks" && make_disks
  step "give it its address and its name" && name_it
  step "define the machine" && define_it
  step "start the machine"
  virsh autostart "$name"
  if [ "$(virsh domstate "$name")" != running ]; then virsh start "$name"; fi
  cat address >&3
}
