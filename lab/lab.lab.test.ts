/** The lab itself: hosts that can be reached by their pinned keys alone, cut, healed, rebooted and taken away. */
import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { must, run, until } from "./command.ts";
import { containerName, labLabel } from "./container.ts";
import { Lab } from "./lab.ts";

jest.setTimeout(300_000);

const dataDir =
  process.env["CONVOCATE_DATA"] ??
  join(process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local/share"), "convocate");
const lab = new Lab({ name: "test-lab", dataDir, say: () => undefined });
const identity = (host: string) =>
  must(["docker", "inspect", "-f", "{{.Id}} {{.State.StartedAt}}", containerName(lab.name, host)]);
const reached = async (host: string) => (await lab.ssh(host, "true", { timeoutMs: 6_000 })).code === 0;
const bootTime = async (host: string) =>
  (await lab.exec(host, ["stat", "-c", "%Y", "/proc/1"])).stdout.trim();

beforeAll(async () => {
  await lab.down();
  await lab.up(["one", "two"], "vanilla");
});
afterAll(() => lab.down());

test("a vanilla host is a box as an operator gets it: systemd, sudo, ssh, apt, and nothing of ours", async () => {
  const { stdout } = await lab.ssh(
    "one",
    "cat /proc/1/comm; sudo -n id -un; command -v docker convocate || echo nothing; hostname",
  );
  expect(stdout.trim().split("\n")).toEqual(["systemd", "root", "nothing", "one"]);
});

test("a host whose key is not the pinned one is refused", async () => {
  const { knownHostsFile } = lab.records;
  const pins = await must(["cat", knownHostsFile]);
  const [, other = ""] = /^two,\S+ (.*)$/m.exec(pins) ?? [];
  writeFileSync(knownHostsFile, pins.replace(/^(one,\S+) .*$/m, `$1 ${other}`));
  const { code, stderr } = await lab.ssh("one", "true");
  writeFileSync(knownHostsFile, `${pins}\n`);
  expect(code).toBe(255);
  expect(stderr).toMatch(/host key/i);
  expect(await reached("one")).toBe(true);
});

test("a second up recreates nothing", async () => {
  const before = await identity("one");
  await lab.up(["one", "two"], "vanilla");
  expect(await identity("one")).toBe(before);
});

test("cut loses every packet and leaves the host alive; heal brings it back", async () => {
  await lab.cut("two");
  expect((await lab.status()).find(({ name }) => name === "two")).toMatchObject({
    state: "running",
    cut: true,
  });
  expect(await reached("two")).toBe(false);
  expect((await lab.exec("two", ["hostname"])).stdout.trim()).toBe("two");
  expect(await reached("one")).toBe(true);
  await lab.heal("two");
  await until("host two is reached", 20_000, () => reached("two"));
});

test("off is a hard power-off, on brings it back with its address and key", async () => {
  await lab.off("two");
  expect((await lab.status()).find(({ name }) => name === "two")?.state).toBe("off");
  await lab.on("two");
  expect(await reached("two")).toBe(true);
});

test("systemctl reboot inside a host is a reboot", async () => {
  const before = await bootTime("two");
  await lab.exec("two", ["systemctl", "reboot"]);
  await until("host two has booted again", 60_000, async () => {
    const after = await bootTime("two");
    return after !== "" && after !== before && (await reached("two"));
  });
});

test("down leaves nothing behind", async () => {
  await lab.down();
  if ((await run(["docker", "info"])).code !== 0) return; // the engine was the lab's, and is gone as well
  const filter = ["--filter", `label=${labLabel(lab.name)}`];
  expect(await must(["docker", "ps", "-aq", ...filter])).toBe("");
  expect(await must(["docker", "network", "ls", "-q", ...filter])).toBe("");
  expect(
    await must(["docker", "volume", "ls", "-q", "--filter", `name=${containerName(lab.name, "")}`]),
  ).toBe("");
});
