/** Machines that cannot be a host of a fleet: which, why, what to do; and nothing of them is touched. */
import { writeFileSync, rmSync } from "node:fs";
import { packages } from "../infra/steps/packages.ts";
import { ScriptHost } from "../infra/steps/script-host.fake.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(300_000);

describe("a machine is refused before anything is done there", () => {
  const inputs = {
    roles: "agent",
    ssh_port: "22",
    packages: packages.every.join(" "),
    runtime_file: "node-x64.tar.gz",
    runtime_sha256: "a",
    app_file: "app.tar.gz",
    app_sha256: "b",
  };
  let host: ScriptHost;
  beforeEach(() => {
    host = new ScriptHost();
    // Should the check let it pass, this machine stays as it is.
    for (const program of ["apt-get", "docker", "ls", "mkdir"]) host.addProgram(program, "exit 99");
  });
  afterEach(() => host.remove());

  const release = (text: string) => {
    rmSync(host.path("etc/os-release"));
    writeFileSync(host.path("etc/os-release"), text);
  };
  const refused = async (reason: string, change: Record<string, string> = {}) => {
    const { status, stdout, stderr } = await host.run("install", { ...inputs, ...change });
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^step "check the platform" of install failed on /);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(reason);
  };

  test.each([
    [
      "Debian 11",
      'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\n',
      "Debian GNU/Linux 11 (bullseye)",
    ],
    [
      "Ubuntu 20.04",
      'ID=ubuntu\nVERSION_ID="20.04"\nPRETTY_NAME="Ubuntu 20.04.6 LTS"\n',
      "Ubuntu 20.04.6 LTS",
    ],
    ["Fedora", 'ID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41"\n', "Fedora Linux 41"],
    ["a testing system without a version", "ID=debian\n", "this system"],
  ])("%s", async (_, text, name) => {
    release(text);
    await refused(`${name} is not supported: use Debian 12 or newer, or Ubuntu 22.04 or newer`);
  });

  test.each(["i386", "armhf"])("%s", async (architecture) => {
    host.addProgram("dpkg", `echo ${architecture}`);
    await refused(`${architecture} is not supported: use an amd64 or arm64 machine`);
  });

  test("an arm64 host, when what was built is for amd64", async () => {
    host.addProgram("dpkg", "echo arm64");
    await refused(
      "this is an arm64 host, and node-x64.tar.gz is not for it: run the update from an arm64 machine",
    );
  });
});

describe("in a fleet", () => {
  const fleet = new TestFleet("refused");
  const { lab } = fleet;
  const on = async (host: string, line: string) =>
    (await lab.exec(host, ["sh", "-c", line], { timeoutMs: 30_000 })).stdout.trim();
  const hosts = {
    "shell-1": "{ role: shell, user: stranger }",
    "agent-sudo": "{ role: agent, shell: shell-1 }",
    "agent-old": "{ role: agent, shell: shell-1 }",
    "agent-apt": "{ role: agent, shell: shell-1 }",
  };
  let said: string;

  beforeAll(async () => {
    await fleet.open(Object.keys(hosts));
    await on("agent-sudo", "rm /etc/sudoers.d/admin");
    await on("agent-old", "sed -i s/12/11/g /etc/os-release");
    await on(
      "agent-apt",
      "rm -rf /etc/apt/sources.list /etc/apt/sources.list.d; echo 'deb http://127.0.0.1:9/debian bookworm main' >/etc/apt/sources.list",
    );
    await fleet.configure(hosts);
    const { code, stdout, stderr } = await fleet.up();
    said = stdout + stderr;
    expect(code).not.toBe(0);
  });
  afterAll(() => fleet.close());

  test.each([
    ["a user that cannot log in", /shell-1-(app|runtime)[^]*unable to authenticate/],
    ["a user that may not become root", /agent-sudo-install[^]*sudo: a password is required/],
    [
      "an old distribution",
      /step "check the platform" of install failed on agent-old[^]*Debian GNU\/Linux 11 .* is not supported: use Debian 12/,
    ],
    [
      "apt without a server",
      /step "bring the packages up to date" of install failed on agent-apt[^]*127\.0\.0\.1[^]*apt cannot fetch the lists of packages: correct what it says above/,
    ],
  ])("%s is told, with host, cause and remedy", (_, words) => {
    expect(said).toMatch(words);
  });

  test("and nothing was done there", async () => {
    for (const name of Object.keys(hosts)) {
      const found = await on(
        name,
        "ls -d /usr/local/lib/convocate /var/lib/convocate-provision /etc/convocate* 2>/dev/null; getent passwd convocate; command -v docker ufw",
      );
      expect({ name, found }).toEqual({ name, found: "" });
    }
  });
});
