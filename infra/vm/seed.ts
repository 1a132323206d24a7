import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a VM is told before its first boot. */
export interface Guest {
  name: string;
  domain: string;
  /** The user that provisioning comes in as. */
  user: string;
  /** Public keys that it may come with, each a line of authorized_keys. */
  authorizedKeys: readonly string[];
  /** The key that the VM answers with; made here, so that it is known before the VM is. */
  hostKey: { private: string; public: string };
  /** Of its only network card. */
  mac: string;
}

/** The serial number by which the VM finds its data disk, whatever the order of its disks. */
export const dataDiskSerial = "convocate-data";

const part = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");

/**
 * cloud-init reads YAML 1.1, to which 52:54:00:12:34:10 without quotes is a number (base 60) and `no` a truth value. JSON, which
 * is YAML too, has every text in quotes.
 */
const yaml = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** The files of a NoCloud seed (cloud-init, "NoCloud" data source). `user-data` has a private key in it. */
export interface Seed {
  "meta-data": string;
  "user-data": string;
  "network-config": string;
}

/**
 * What makes a cloud image the VM that was asked for, at its first boot and without a question: its key, its user, sshd
 * hardened, its data disk at /var. It boots again when that is done.
 */
export function seedOf(guest: Guest): Seed {
  const { name, domain, user, authorizedKeys, hostKey, mac } = guest;
  const script = (path: string, file: string) => ({ path, permissions: "0700", content: part(file) });
  const userData = {
    hostname: name,
    fqdn: `${name}.${domain}`,
    manage_etc_hosts: true,
    ssh_pwauth: false,
    disable_root: true,
    // The image's own, if it has any, are known to whoever made it.
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.private, ed25519_public: hostKey.public },
    users: [
      {
        name: user,
        shell: "/bin/bash",
        lock_passwd: true,
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: [...authorizedKeys],
      },
    ],
    write_files: [
      script("/usr/local/sbin/convocate-harden", "harden.sh"),
      script("/usr/local/sbin/convocate-var", "var.sh"),
    ],
    runcmd: [["/usr/local/sbin/convocate-harden"], ["/usr/local/sbin/convocate-var", dataDiskSerial]],
    power_state: { mode: "reboot", condition: ["test", "-e", "/run/convocate-var-moved"] },
  };
  return {
    "meta-data": yaml({ "instance-id": name, "local-hostname": name }),
    // The first line is what makes it one (cloud-init, "User data formats").
    "user-data": `#cloud-config\n${yaml(userData)}`,
    "network-config": yaml({ version: 2, ethernets: { card: { match: { macaddress: mac }, dhcp4: true } } }),
  };
}
