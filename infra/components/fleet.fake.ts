/** Hosts, artifacts and operators for tests of components. */
import type { FleetAgent, FleetHost } from "../config/fleet.ts";
import type { Artifacts } from "./artifacts.ts";

export const artifacts: Artifacts = {
  folder: "/checkout/dist",
  app: { file: "app-1.tar.gz", sha256: "a".repeat(64) },
  runtime: { file: "runtime-1.tar.gz", sha256: "b".repeat(64) },
  image: { reference: "convocate:slim-1", id: `sha256:${"c".repeat(64)}` },
};

export const operators = { alice: "ssh-ed25519 AAAAalice", bob: "ssh-ed25519 AAAAbob" };

/** `privateKeyFile` null: the ssh-agent's keys. */
export function fakeHost(
  name: string,
  roles: FleetHost["roles"],
  privateKeyFile: string | null = null,
): FleetHost {
  const connection = {
    address: `${name}.test`,
    port: 2200,
    user: "admin",
    hostKey: `ssh-ed25519 AAAA${name}`,
  };
  return { name, roles, connection: { ...connection, privateKeyFile }, local: null, statusHostKey: null };
}

export const asAgent = (host: FleetHost): FleetAgent => ({
  ...host,
  agentId: `id-of-${host.name}`,
  agentHostKey: null,
  drain: false,
});
