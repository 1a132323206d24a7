# Says what a hypervisor is and has, a line each. Changes nothing.
# Inputs: network, name.

main() {
  . /etc/os-release
  echo "platform ${ID:-}:${VERSION_ID:-0} $(uname -m)"
  echo "kvm $(if [ -c /dev/kvm ]; then echo yes; else echo no; fi)"
  echo "capacity $(capacity)"
  echo "promised $(promised "$name")"
  echo "running $(if command -v virsh >/dev/null; then virsh -q list --state-running --name | grep -c . || true; else echo 0; fi)"
  local has folder route
  has=$(gateway)
  echo "gateway ${has:-none}"
  if [ -z "$has" ]; then
    { ip -4 route show match "$network"; ip -4 route show root "$network"; } | awk '$1 != "default" { print "clash", $1 }' | sort -u
  fi
  for folder in "$machines"/*/; do
    [ -e "$folder/asked" ] || continue
    echo "machine $(basename "$folder") $(if [ -e "$folder/done" ]; then echo whole; else echo unfinished; fi) $(cat "$folder/asked" "$folder/address") $(cat "$folder/host_key.pub")" | tr '\n' ' '
    echo
  done
}
