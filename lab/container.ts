/** What the engine is asked for a lab host, as values. */

/** Linux capabilities in the order of their numbers (capabilities(7)). */
const capabilities =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ".split(
    " ",
  );

/** Names of the capabilities in a mask such as `CapBnd` of /proc/self/status. */
export function capabilityNames(mask: bigint): string[] {
  return capabilities.filter((_, number) => (mask >> BigInt(number)) & 1n);
}

/** How a host gets the rights systemd and a nested engine need: the ordinary way, or where that is refused, one by one. */
export function privileges(privileged: boolean, boundingSet: bigint): string[] {
  if (privileged) return ["--privileged", "--cgroupns=private"];
  return [
    "--cap-drop=ALL",
    ...capabilityNames(boundingSet).map((name) => `--cap-add=${name}`),
    ...["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"].map(
      (o) => `--security-opt=${o}`,
    ),
    "--device-cgroup-rule=a *:* rwm",
    "--cgroupns=private",
  ];
}

export interface HostContainer {
  lab: string;
  host: string;
  image: string;
  address: string;
  privileges: string[];
}

export const networkName = (lab: string) => `convocate-lab-${lab}`;
export const containerName = (lab: string, host: string) => `convocate-lab-${lab}-${host}`;
export const labLabel = (lab: string) => `convocate.lab=${lab}`;

/** `docker create` of a lab host. `--restart=always` makes `systemctl reboot` inside a reboot. */
export function createHost({ lab, host, image, address, privileges: rights }: HostContainer): string[] {
  const name = containerName(lab, host);
  return [
    ...["docker", "create", "--name", name, "--hostname", host, "--label", labLabel(lab)],
    ...["--network", networkName(lab), "--ip", address, "--restart=always"],
    ...["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec", "-v", `${name}:/var/lib/docker`],
    ...rights,
    image,
  ];
}
