import type { ContainerCreateOptions } from "dockerode";
import type { ContainerSpec } from "./engine.ts";

/** The engine's own form of a container's specification. */
export function createOptions(spec: ContainerSpec): ContainerCreateOptions {
  const ports = spec.ports.map(({ port, protocol, address }) => ({
    key: `${String(port)}/${protocol}`,
    bindings: [{ HostPort: String(port), ...(address !== undefined && { HostIp: address }) }],
  }));
  return {
    name: spec.name,
    Hostname: spec.hostname,
    Image: spec.image,
    Cmd: spec.command,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: spec.labels,
    WorkingDir: spec.workingDir,
    ExposedPorts: Object.fromEntries(ports.map(({ key }) => [key, {}])),
    HostConfig: {
      Binds: spec.binds,
      CgroupParent: spec.cgroupParent,
      NetworkMode: spec.network,
      PortBindings: Object.fromEntries(ports.map(({ key, bindings }) => [key, bindings])),
      ...(spec.dns.length > 0 && { Dns: spec.dns }),
      CapDrop: spec.capDrop,
      CapAdd: spec.capAdd,
      RestartPolicy: { Name: "no" },
      // What a session prints must not fill the host's disk, and `logs` reads it.
      LogConfig: { Type: "json-file", Config: { "max-size": "4m", "max-file": "2" } },
      ...(spec.memoryBytes !== null && { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
      ...(spec.cpus !== null && { NanoCpus: Math.round(spec.cpus * 1e9) }),
      ...(spec.pids !== null && { PidsLimit: spec.pids }),
    },
  };
}
