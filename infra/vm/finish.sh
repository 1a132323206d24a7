# A machine that answers needs its seed no more, in which its private key is.
# Inputs: name.

script=finish

main() {
  step "take the seed away"
  cd "$machines/$name"
  [ ! -e done ] || return 0
  local target
  target=$(virsh -q domblklist "$name" --details | awk '$2 == "cdrom" && $4 != "-" { print $3 }')
  if [ -n "$target" ]; then virsh change-media "$name" "$target" --eject --live --config --force; fi
  rm -f seed.iso domain.xml
  touch done
}
