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
  agent: ["docker.io", "iptables", "nftables"],
  shell: ["logrotate", "rsyslog-gnutls"],
} as const;
