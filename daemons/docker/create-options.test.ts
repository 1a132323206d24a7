import { createOptions } from "./create-options.ts";
import type { ContainerSpec } from "./engine.ts";

const spec: ContainerSpec = {
  name: "convocate-session-x",
  hostname: "convocate-x",
  image: "convocate:1",
  command: ["bash"],
  env: { A: "1", B: "x=y" },
  labels: { l: "v" },
  binds: ["/a:/b"],
  workingDir: "/home/convocate",
  cgroupParent: "s.slice",
  network: "convocate",
  dns: ["10.0.0.1"],
  ports: [
    { port: 53, protocol: "udp", address: "10.0.0.2" },
    { port: 53, protocol: "tcp" },
  ],
  memoryBytes: 1 << 30,
  cpus: 1.5,
  pids: 100,
  capDrop: ["ALL"],
  capAdd: ["CHOWN"],
};

test("a specification in the engine's own form", () => {
  expect(createOptions(spec)).toEqual({
    name: "convocate-session-x",
    Hostname: "convocate-x",
    Image: "convocate:1",
    Cmd: ["bash"],
    Env: ["A=1", "B=x=y"],
    Labels: { l: "v" },
    WorkingDir: "/home/convocate",
    ExposedPorts: { "53/udp": {}, "53/tcp": {} },
    HostConfig: {
      Binds: ["/a:/b"],
      CgroupParent: "s.slice",
      NetworkMode: "convocate",
      PortBindings: { "53/udp": [{ HostPort: "53", HostIp: "10.0.0.2" }], "53/tcp": [{ HostPort: "53" }] },
      Dns: ["10.0.0.1"],
      CapDrop: ["ALL"],
      CapAdd: ["CHOWN"],
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "4m", "max-file": "2" } },
      // Without the second, as much again in swap.
      Memory: 1 << 30,
      MemorySwap: 1 << 30,
      NanoCpus: 1_500_000_000,
      PidsLimit: 100,
    },
  });
});

test("what has no limit names none; nothing asks for privileges, and sudo goes on working", () => {
  const { HostConfig = {} } = createOptions({ ...spec, memoryBytes: null, cpus: null, pids: null });
  for (const key of ["Memory", "MemorySwap", "NanoCpus", "PidsLimit", "Privileged", "SecurityOpt"])
    expect(HostConfig).not.toHaveProperty(key);
});
