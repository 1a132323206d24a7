/** What every script has in common, shown by the smallest of them; run by root on this machine with an /etc of its own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { ScriptHost } from "./script-host.fake.ts";

jest.setTimeout(60_000);

const secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----";
const inputs = {
  agent_id: "a1",
  name: "agent-a",
  address: "10.0.0.21",
  log_until: "2030-01-01T00:00:00Z",
  host_key_pub: "ssh-ed25519 AAAAhost",
  to_agent_key: secret,
  to_agent_key_pub: "ssh-ed25519 AAAAshell",
  to_shell_key_pub: "ssh-ed25519 AAAAagent",
};

let host: ScriptHost;
beforeEach(() => {
  host = new ScriptHost();
  mkdirSync(host.path("etc/convocate/agent-keys"), { recursive: true });
  writeFileSync(host.path("etc/convocate/status_authorized_keys"), "");
});
afterEach(() => host.remove());

const log = () => readFileSync(host.path("log/convocate-provision.log"), "utf8");

test("a failure tells the step, the host and the end of its log, and no secret", async () => {
  const { status, stdout, stderr } = await host.run("registration", inputs, "register");
  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.split("\n")).toEqual([
    `step "write the registration of agent-a" of registration (register) failed on ${hostname()}; the end of its log (/var/log/convocate-provision.log):`,
    "==> write the registration of agent-a",
    expect.stringMatching(/^install: invalid group .convocate.$/),
    "",
  ]);
  expect(log()).toMatch(/^--- \d{4}-\d\d-\d\dT\S+Z registration \(register\): status 1\n==> write/);
  expect(stderr + log()).not.toContain("b3BlbnNza");
});

test("a failure leaves no file of its own behind", async () => {
  const failed = ["echo the reason; exit 1", "exit 1", "echo 'No space left on device'; exit 1"];
  for (const how of failed) {
    host.addProgram("getent", how);
    expect((await host.run("registration", inputs, "register")).status).not.toBe(0);
  }
  expect(readdirSync(host.path("tmp"))).toEqual([]);
});

test("an unknown action fails too, and a success leaves a line in the log", async () => {
  expect(await host.run("registration", inputs, "explode")).toMatchObject({ status: 127 });
  host.addGroup("convocate", 61_337);
  expect(await host.run("registration", inputs, "register")).toMatchObject({ status: 0, stderr: "" });
  expect(log()).toMatch(/status 127\n[^]*\n--- .* registration \(register\): status 0\n==> write/);
  expect(log()).not.toContain("b3BlbnNza");
});

test("where not even the log can be written, nothing is passed over as done", async () => {
  host.fullTmp = true;
  // Refused by its first step, were it to get there.
  const unfit = { roles: "", ssh_port: "22", packages: "", runtime_file: "unfit", runtime_sha256: "" };
  const { status, stdout, stderr } = await host.run("install", { ...unfit, app_file: "", app_sha256: "" });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^step "check the platform" .*\n[^]*no space is left on \/tmp: free some/);
});

test("a missing input is named", async () => {
  host.addGroup("convocate", 61_337);
  const some = Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "to_agent_key"));
  expect(await host.run("registration", some, "register")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("to_agent_key: unbound variable") as string,
  });
});

test("what a host that was switched off left half written is removed, and is no registration", async () => {
  host.addGroup("convocate", 61_337);
  const folder = host.path("etc/convocate");
  writeFileSync(`${folder}/.status_authorized_keys.new-a1B2c3`, "ssh-ed25519 AA");
  expect(await host.run("registration", inputs, "register")).toMatchObject({ status: 0 });
  expect(readdirSync(folder).filter((name) => name.includes(".new-"))).toEqual([]);
  expect(readFileSync(`${folder}/status_authorized_keys`, "utf8")).toBe("ssh-ed25519 AAAAagent agent=a1\n");
});

test("a full disk ends the script, and the old file stays whole", async () => {
  host.addGroup("convocate", 61_337);
  const folder = host.path("etc/convocate");
  // Eight pages: two for the keys that are there, five for the registration, one for new keys that need two.
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=32k", "tmpfs", folder]);
  try {
    const others = `ssh-ed25519 AAAAother agent=other ${"x".repeat(5000)}\n`;
    writeFileSync(`${folder}/status_authorized_keys`, others);
    const { status, stderr } = await host.run("registration", inputs, "register");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^step "admit the key of agent-a" .*\n[^]*No space left on device/);
    expect(readFileSync(`${folder}/status_authorized_keys`, "utf8")).toBe(others);
    expect(readdirSync(folder).filter((name) => name.startsWith("status_"))).toEqual([
      "status_authorized_keys",
    ]);
  } finally {
    execFileSync("umount", [folder]);
  }
});
