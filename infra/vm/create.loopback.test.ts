/** The whole way over real SSH, to a hypervisor whose libvirt is files and a machine that is another SSH server. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeSshd, keyPair } from "../toolchain/plugins/command/sshd.fake.ts";
import { putProgram } from "../toolchain/program.fake.ts";
import { makeMachine, planMachine, type Made, type Wish } from "./create.ts";
import { FakeHypervisor } from "./hypervisor.fake.ts";
import { Hypervisor } from "./hypervisor.ts";
import { parseVmOptions, type VmOptions } from "./options.ts";
import { askedFor } from "./plan.ts";

const name = "abcdefgh";
const sshd = new FakeSshd();
const guest = new FakeSshd();
const folder = mkdtempSync(join(tmpdir(), "create-"));
const image = join(folder, "image");
let host: FakeHypervisor;
let hypervisor: Hypervisor;
let options: VmOptions;

beforeAll(async () => {
  writeFileSync(image, "an image");
  const imageSha256 = createHash("sha256").update("an image").digest("hex");
  const parsed = parseVmOptions({
    ...{ hypervisor: "127.0.0.1", username: "admin", domain: "fleet.example.com", cpu: "1", ram: "512" },
    ...{ osdisk: "5", datadisk: "1", image, imageSha256, virtType: "qemu", network: "10.90.5.0/24" },
  });
  if ("faults" in parsed) throw new Error("the options are wrong");
  options = parsed.options;
  const port = await sshd.listen();
  const to = { host: "127.0.0.1", port, user: "admin", hostKey: sshd.hostKey.publicKey };
  hypervisor = new Hypervisor({ ...to, privateKey: sshd.userKey.privateKey }, "");
  // The machine, as it is after its first boot.
  putProgram(folder, "sudo", '[ "$1" = -n ] && shift && exec "$@"');
  putProgram(folder, "cloud-init", "echo status: done");
  putProgram(folder, "hostname", `echo ${name}`);
  putProgram(folder, "findmnt", "echo convocate-var");
  putProgram(folder, "sshd", "echo passwordauthentication no; echo permitrootlogin no");
  guest.path = `${folder}:/usr/bin:/bin`;
  sshd.ways.set("10.90.5.10:22", { address: "127.0.0.1", port: await guest.listen() });
});
beforeEach(() => {
  host = new FakeHypervisor();
  host.addProgram("getconf", "echo 64");
  sshd.path = `${host.sudo}:/usr/bin:/bin`;
});
afterEach(() => host.remove());
afterAll(async () => {
  await Promise.all([sshd.close(), guest.close()]);
  rmSync(folder, { recursive: true });
});

const wish = (change: Partial<Wish> = {}): Wish => ({
  options,
  another: false,
  keys: [guest.userKey.publicKey],
  privateKey: guest.userKey.privateKey,
  patience: { total: 10_000, pause: 50 },
  ...change,
});

async function make(asked = wish(), steps: string[] = []): Promise<Made> {
  const plan = await planMachine(hypervisor, asked);
  return makeMachine(hypervisor, asked, plan, (step) => steps.push(step));
}

/** As a run leaves it that was killed after it wrote the machine down; it answers with this key. */
async function begun(hostKey: string): Promise<void> {
  await host.run("hypervisor", { packages: "virtinst", network: "10.90.5.0/24" });
  const seed = { meta_data: "{}\n", user_data: "{}\n", network_config: "{}\n" };
  const record = { name, asked: askedFor(options), promised_before: "0 0 0", host_key_pub: hostKey, ...seed };
  expect(await host.run("record", record)).toMatchObject({ status: 0 });
}

test("what a killed run has begun is finished; then the same words find it, and touch nothing", async () => {
  await begun(guest.hostKey.publicKey);
  expect(await make()).toMatchObject({ name, address: "10.90.5.10", network: "10.90.5.0/24" });
  expect(existsSync(host.machine(name, "seed.iso"))).toBe(false);
  expect(readFileSync(host.path("home/.ssh/authorized_keys"), "utf8")).toContain(guest.userKey.publicKey);
  expect(readFileSync(host.path("etc/ssh/sshd_config.d/00-convocate-hardening.conf"), "utf8")).toContain(
    "PermitRootLogin no",
  );
  host.did();
  const steps: string[] = [];
  expect(await make(wish(), steps)).toMatchObject({ name });
  expect(steps).toEqual([`${name} is there`]);
  expect(host.did()).toEqual([]);
});

test("a machine that answers with another key than the one made for it is none", async () => {
  await begun(keyPair().publicKey);
  const commands = guest.commands.length;
  await expect(make(wish({ patience: { total: 200, pause: 50 } }))).rejects.toThrow(
    `${name} is not ready after 0 minutes: 10.90.5.10: shows another key than the pinned one`,
  );
  expect(guest.commands).toHaveLength(commands);
  // Its seed stays: it may still be on its way.
  expect(existsSync(host.machine(name, "seed.iso"))).toBe(true);
});

test("where nobody gets in any more with sshd hardened, the hardening is taken back", async () => {
  // Every login after the one that is held.
  host.addProgram(
    "systemctl",
    `case "$*" in *reload*) echo reload >>/var/lib/fake-libvirt/log ;; esac; [ ! -e /etc/ssh/sshd_config.d/00-convocate-hardening.conf ] || touch /var/lib/locked`,
  );
  const { connect } = hypervisor;
  hypervisor.connect = async function (this: Hypervisor) {
    if (existsSync(host.path("lib/locked"))) throw new Error("All configured authentication methods failed");
    return connect.call(this);
  };
  try {
    await expect(make(wish({ patience: { total: 200, pause: 50 } }))).rejects.toThrow(
      "with sshd hardened, nobody could log in to 127.0.0.1 any more; it was taken back: All configured authentication methods failed",
    );
  } finally {
    hypervisor.connect = connect;
  }
  expect(existsSync(host.path("etc/ssh/sshd_config.d/00-convocate-hardening.conf"))).toBe(false);
  expect(host.did().filter((line) => line === "reload")).toHaveLength(2);
  expect(existsSync(host.machine())).toBe(false);
});

test("sshd may be deaf for a moment after its reload: that takes nothing back", async () => {
  await begun(guest.hostKey.publicKey);
  let deaf = 3;
  const { connect } = hypervisor;
  hypervisor.connect = async function (this: Hypervisor) {
    const hardened = existsSync(host.path("etc/ssh/sshd_config.d/00-convocate-hardening.conf"));
    if (hardened && deaf > 0) throw new Error(`connect ECONNREFUSED ${String(deaf--)}`);
    return connect.call(this);
  };
  try {
    expect(await make()).toMatchObject({ name });
  } finally {
    hypervisor.connect = connect;
  }
  expect(deaf).toBe(0);
});

test("one more like it is another one, with another name and address", async () => {
  await begun(guest.hostKey.publicKey);
  await make();
  const plan = await planMachine(hypervisor, wish({ another: true }));
  expect(plan.begun).toBeNull();
  expect(plan.survey.promised).toEqual({ cpu: 1, ram: 1024, disk: 10 });
});
