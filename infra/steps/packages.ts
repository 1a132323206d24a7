/** Debian/Ubuntu packages that `install` puts on a host, by role. The lab's `warm` base downloads the same ones ahead. */
export const packages = {
  every: [
    "ca-certificates",
    "curl",
    "openssh-client",
    "dnsmasq",
    "ufw",
    "unattended-upgrades",
    "rsyslog",
    "rsyslog-openssl",
  ],
  // Where the kernel has AppArmor, the engine starts no container without its programs, which docker.io only recommends.
  agent: ["docker.io", "apparmor", "iptables", "nftables"],
  shell: ["logrotate", "rsyslog-gnutls"],
} as const;
