/** What create-vm and destroy-vm refuse before they touch anything: the hypervisor here counts who knocks. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeSshd, keyPair } from "../toolchain/plugins/command/sshd.fake.ts";
import { putProgram } from "../toolchain/program.fake.ts";
import { CliError } from "./cli-error.ts";
import { createVm, type CreateVmOptions } from "./create-vm.ts";
import { destroyVm } from "./destroy-vm.ts";
import { FakeContext } from "./context.fake.ts";
import { ed25519, ScratchStack } from "./scratch-stack.fake.ts";

const folder = mkdtempSync(join(tmpdir(), "create-vm-"));
const image = join(folder, "image.qcow2");
const imageSha256 = createHash("sha256").update("image").digest("hex");
const sshd = new FakeSshd();
const stackText = `# ours\nconfig:\n  convocate:domain: fleet.example.com\n  convocate:hosts:\n    shell-1: { role: shell, address: 127.0.0.1, user: admin, hostKey: "${ed25519(1)}" }\n`;
let port = 0;
let stack: ScratchStack;
let context: FakeContext;

beforeAll(async () => {
  writeFileSync(image, "image");
  writeFileSync(join(folder, "key"), sshd.userKey.privateKey, { mode: 0o600 });
  putProgram(folder, "sudo", '[ "$1" = -n ] && shift && exec "$@"');
  sshd.path = `${folder}:/usr/sbin:/usr/bin:/bin`;
  port = await sshd.listen();
});
beforeEach(() => {
  stack = new ScratchStack(stackText);
  context = new FakeContext({ root: stack.folder, dataDir: join(stack.folder, "data") });
});
afterEach(() => stack.remove());
afterAll(async () => {
  await sshd.close();
  rmSync(folder, { recursive: true });
});

const good = (): CreateVmOptions & Record<string, unknown> => ({
  ...{ hypervisor: "127.0.0.1", username: "admin", domain: "fleet.example.com", cpu: "1", ram: "512" },
  ...{ osdisk: "5", datadisk: "1", image, imageSha256, virtType: "qemu", network: "10.90.5.0/24" },
  ...{ port, identity: join(folder, "key"), hostKey: sshd.hostKey.publicKey, stack: "test" },
});

async function answer(change: Record<string, unknown>, work = createVm): Promise<string> {
  const error: unknown = await work(context, { ...good(), ...change }).catch((thrown: unknown) => thrown);
  if (error instanceof CliError) return `${error.exit}: ${error.message}: ${error.remedy}`;
  if (error instanceof Error) throw error;
  return `ended: ${String(error)}`;
}

test.each<[string, Record<string, unknown>, RegExp]>([
  ["no processor", { cpu: "0" }, /^usage: --cpu: got "0"; give a whole number of processors/],
  ["half a processor", { cpu: "1.5" }, /^usage: --cpu/],
  ["no word about processors", { cpu: undefined }, /^usage: --cpu: is missing/],
  ["too little memory", { ram: "511" }, /^usage: --ram: got "511"; give .*512/],
  ["memory with a unit", { ram: "1G" }, /^usage: --ram/],
  ["a disk that is too small", { osdisk: "4" }, /^usage: --osdisk: got "4"; give .*5 to/],
  ["no data disk", { datadisk: "0" }, /^usage: --datadisk: got "0"; give .*1 to/],
  ["a negative disk", { datadisk: "-5" }, /^usage: --datadisk/],
  ["no hypervisor", { hypervisor: undefined }, /^usage: --hypervisor: is missing/],
  ["a hypervisor that is an option of ssh", { hypervisor: "-oProxyCommand=id" }, /^usage: --hypervisor/],
  ["a hypervisor with a user", { hypervisor: "admin@127.0.0.1" }, /^usage: --hypervisor/],
  [
    "root, whose login gets closed",
    { username: "root" },
    /^usage: --username: got "root"; give .*other than root/,
  ],
  ["a user that is a command", { username: "a;reboot" }, /^usage: --username/],
  ["a domain that is a command", { domain: "a.$(reboot)" }, /^usage: --domain/],
  ["a domain that ends an element", { domain: "a'/><x" }, /^usage: --domain/],
  ["no image", { image: undefined }, /^usage: --image: is missing/],
  ["an image by a relative path", { image: "image.qcow2" }, /^usage: --image: got "image.qcow2"/],
  ["an image with a password", { image: "https://me:secret@example.com/i" }, /^usage: --image/],
  [
    "an image that is not there",
    { image: "/nowhere/image" },
    /^usage: --image: got \/nowhere\/image: .*Name a file/,
  ],
  ["an image that is a folder", { image: "/etc" }, /^usage: --image: got \/etc: not a file/],
  ["no sum", { imageSha256: undefined }, /^usage: --image-sha256: is missing/],
  [
    "another sum",
    { imageSha256: "ab".repeat(32) },
    /^usage: --image-sha256: got abab.*, and .* has [0-9a-f]{64}/,
  ],
  ["an unknown hypervisor type", { virtType: "xen" }, /^usage: --virt-type: got "xen"; give kvm, or qemu/],
  ["a public network", { network: "8.8.8.0/24" }, /^usage: --network/],
  [
    "a shell host that the stack does not have",
    { join: "shell-2" },
    /^usage: --join: got shell-2, and the shell host of stack test is shell-1: Give --join shell-1/,
  ],
  ["a stack that is not there", { join: "shell-1", stack: "none" }, /^notFound: .*does not exist/],
  ["a key file that is not there", { identity: "/nowhere/key" }, /^usage: .*\/nowhere\/key/],
  ["no key at all", { identity: undefined }, /^usage: there is no key to come in with/],
])("%s: refused before anybody knocks at the hypervisor", async (_, change, words) => {
  const before = sshd.connections;
  expect(await answer(change)).toMatch(words);
  expect(sshd.connections).toBe(before);
  expect(stack.text).toBe(stackText);
  expect(stack.files).toEqual(["Pulumi.test.yaml"]);
});

test("a hypervisor with another key than the one that is known is refused, and known ones stay known", async () => {
  expect(await answer({ dryRun: true })).toBe("ended: 0");
  expect(await answer({ dryRun: true, hostKey: keyPair().publicKey })).toMatch(
    /^refused: 127\.0\.0\.1 shows another host key than the one in .*hypervisors\.json; .*`convocate-host create-vm … --replace`/s,
  );
});

test("more than there is: refused with the figures, and nothing but a look was taken", async () => {
  sshd.commands.length = 0;
  expect(await answer({ cpu: "512" })).toMatch(
    /^refused: 127\.0\.0\.1 has no room for this machine\n {2}cpu: 512 asked for, and 0 of \d+ given away \(90 % of \d+ processors\); --cpu may take \d+/,
  );
  expect(sshd.commands).toEqual(["sudo -n bash --norc -c 'exec bash --norc -s'"]);
});

test("a preview tells the figures and changes nothing", async () => {
  sshd.commands.length = 0;
  expect(await answer({ dryRun: true, json: true })).toBe("ended: 0");
  const last: unknown = JSON.parse(context.out.trim().split("\n").at(-1) ?? "");
  expect(last).toMatchObject({
    type: "result",
    result: "preview",
    network: "10.90.5.0/24",
    asked: { cpu: 1, ram: 512, disk: 6 },
  });
  expect(sshd.commands).toHaveLength(1);
});

test.each([
  ["../../etc", /^usage: got "\.\.\/\.\.\/etc", which is no machine's name/],
  ["abc'; reboot", /^usage: got/],
  ["ABCDEFGH", /^usage: got/],
])("destroy-vm of %j is refused before anybody knocks", async (name, words) => {
  const before = sshd.connections;
  expect(await answer({}, (_context, options) => destroyVm(context, name, options))).toMatch(words);
  expect(sshd.connections).toBe(before);
});
