import { capabilityNames, createHost, privileges } from "./container.ts";

test.each([
  [0n, []],
  [1n, ["CHOWN"]],
  [0b1100n, ["DAC_READ_SEARCH", "FOWNER"]],
  [1n << 12n, ["NET_ADMIN"]],
  [1n << 21n, ["SYS_ADMIN"]],
  [1n << 24n, ["SYS_RESOURCE"]],
  [(1n << 32n) | (1n << 37n), ["MAC_OVERRIDE", "AUDIT_READ"]],
  [1n << 60n, []],
])("the mask %s names %j", (mask, names) => {
  expect(capabilityNames(mask)).toEqual(names);
});

test("every capability up to AUDIT_READ has a name of its own", () => {
  const names = capabilityNames((1n << 38n) - 1n);
  expect(new Set(names).size).toBe(38);
});

test("where privileged containers run, hosts are", () => {
  expect(privileges(true, 0n)).toEqual(["--privileged", "--cgroupns=private"]);
});

test("where they do not, hosts get what this machine has and no more", () => {
  const rights = privileges(false, (1n << 0n) | (1n << 21n));
  expect(rights).not.toContain("--privileged");
  expect(rights[0]).toBe("--cap-drop=ALL");
  expect(rights.filter((right) => right.startsWith("--cap-add"))).toEqual([
    "--cap-add=CHOWN",
    "--cap-add=SYS_ADMIN",
  ]);
  expect(rights).toEqual(
    expect.arrayContaining([
      "--security-opt=seccomp=unconfined",
      "--security-opt=apparmor=unconfined",
      "--security-opt=systempaths=unconfined",
      "--device-cgroup-rule=a *:* rwm",
      "--cgroupns=private",
    ]),
  );
});

test("a host is created by name, on its lab's network, with an engine's disk of its own", () => {
  const argv = createHost({
    lab: "demo",
    host: "agent-a",
    image: "convocate-lab:warm-1",
    address: "10.213.0.11",
    privileges: ["--privileged"],
  });
  expect(argv.slice(0, 2)).toEqual(["docker", "create"]);
  const after = (option: string) => argv[argv.indexOf(option) + 1];
  expect(after("--name")).toBe("convocate-lab-demo-agent-a");
  expect(after("--hostname")).toBe("agent-a");
  expect(after("--label")).toBe("convocate.lab=demo");
  expect(after("--network")).toBe("convocate-lab-demo");
  expect(after("--ip")).toBe("10.213.0.11");
  expect(after("-v")).toBe("convocate-lab-demo-agent-a:/var/lib/docker");
  expect(argv).toContain("--restart=always");
  expect(argv.slice(-2)).toEqual(["--privileged", "convocate-lab:warm-1"]);
});
