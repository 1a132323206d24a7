/** Debian/Ubuntu packages that make a host a hypervisor. */
export const packages = [
  "ca-certificates",
  "curl",
  "dnsmasq-base",
  "genisoimage",
  "iptables",
  "libvirt-clients",
  "libvirt-daemon-system",
  "nftables",
  "qemu-system-x86",
  "qemu-utils",
  "virtinst",
] as const;
