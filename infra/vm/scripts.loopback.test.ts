/** The scripts that run on a hypervisor, with a libvirt that is files: what they leave, twice, and what they refuse. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeHypervisor } from "./hypervisor.fake.ts";
import { macOf } from "./name.ts";
import { parseSurvey } from "./survey.ts";

const name = "abcdefgh";
const network = "10.90.5.0/24";
const content = "an operating system".repeat(1000);
const sum = (text: string) => createHash("sha256").update(text).digest("hex");
const sha256 = sum(content);
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBYopj0odbwbSPPXTmEjlbY/ByA87dWivyszASwsBknl";
const seed = { meta_data: "{}\n", user_data: "#cloud-config\n{}\n", network_config: "{}\n" };
const record = { name, asked: "ab".repeat(32), promised_before: "0 0 0", host_key_pub: hostKey, ...seed };
const machine = {
  ...{ name, domain: "fleet.example.com", cpu: "1", ram: "1024", osdisk: "6", datadisk: "4" },
  ...{ image_sha256: sha256, virt_type: "qemu", mac: macOf(name), data_serial: "convocate-data" },
};

let hypervisor: FakeHypervisor;
beforeEach(() => (hypervisor = new FakeHypervisor()));
afterEach(() => hypervisor.remove());

const survey = async (inputs = { network, name: "" }) => {
  const { status, stdout, stderr } = await hypervisor.run("survey", inputs);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return parseSurvey(stdout);
};

async function ok(...args: Parameters<FakeHypervisor["run"]>): Promise<string> {
  const { status, stdout, stderr } = await hypervisor.run(...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

/** A hypervisor with the image in its cache. */
async function prepared(): Promise<void> {
  await ok("hypervisor", { packages: "virtinst", network });
  mkdirSync(hypervisor.machine("images"));
  writeFileSync(hypervisor.machine("images", `${sha256}.img`), content);
}

test("a vanilla host has everything to give, and a look at it leaves nothing behind", async () => {
  const before = readdirSync(hypervisor.path("lib"));
  hypervisor.addProgram("virsh", 'case "$*" in *list*) ;; *) exit 1 ;; esac');
  const found = await survey();
  expect(found).toMatchObject({
    promised: { cpu: 0, ram: 0, disk: 0 },
    gateway: null,
    machines: [],
    running: 0,
  });
  expect(found.capacity.cpu).toBeGreaterThan(0);
  expect(found.capacity.disk).toBeGreaterThan(0);
  expect(readdirSync(hypervisor.path("lib"))).toEqual(before);
});

test("machines of others count, also those that are off; their CDs do not", async () => {
  hypervisor.addForeign("other", { cpu: 3, ramMib: 2048, diskBytes: 10 * 2 ** 30 + 1 });
  expect((await survey()).promised).toEqual({ cpu: 3, ram: 2048, disk: 11 });
  expect((await survey({ network, name: "other" })).promised).toEqual({ cpu: 0, ram: 0, disk: 0 });
});

test("a network that another route leads to is told of", async () => {
  const { clashes } = await survey({ network: "127.0.0.0/24", name: "" });
  expect(clashes).toEqual([]);
  hypervisor.addProgram(
    "ip",
    'case "$*" in *"show match"*) echo "10.0.0.0/8 dev vpn"; echo "default via 192.0.2.1 dev eth0" ;; esac',
  );
  expect((await survey()).clashes).toEqual(["10.0.0.0/8"]);
});

test("a second preparation changes nothing, and the network stays the one that is there", async () => {
  hypervisor.addProgram(
    "ip",
    'case "$*" in *default*) echo "default via 192.0.2.1 dev eth0" ;; *) echo "192.0.2.0/24 proto kernel" ;; esac',
  );
  await ok("hypervisor", { packages: "virtinst", network });
  expect(hypervisor.did()).toEqual(expect.arrayContaining(["net-define", "net-start"]));
  const rules = readFileSync(hypervisor.path("etc/convocate/machines.nft"), "utf8");
  expect(rules).toContain("ip saddr 10.90.5.0/24 ip daddr != { 10.90.5.0/24,192.0.2.0/24 } masquerade");
  await ok("hypervisor", { packages: "virtinst", network: "10.91.0.0/24" });
  expect(hypervisor.did()).not.toEqual(expect.arrayContaining([expect.stringMatching(/net-|apt-get/)]));
  expect(readFileSync(hypervisor.path("etc/convocate/machines.nft"), "utf8")).toBe(rules);
  expect((await survey()).gateway).toBe("10.90.5.1");
  expect(
    readFileSync(hypervisor.path("etc/systemd/system/machine.slice.d/10-convocate.conf"), "utf8"),
  ).toMatch(/^\[Slice\]\nCPUQuota=\d+%\nMemoryMax=\d+K\n$/);
});

test("written down, made, finished: each a second time does nothing; then nothing is left of it", async () => {
  await prepared();
  await ok("record", record);
  expect((await survey()).machines).toEqual([
    { name, whole: false, asked: record.asked, address: "10.90.5.10", hostKey },
  ]);
  // There is a private key in it.
  expect(statSync(hypervisor.machine(name, "seed.iso")).mode & 0o777).toBe(0o600);
  hypervisor.did();
  expect(await ok("machine", machine)).toBe("10.90.5.10\n");
  expect(hypervisor.did()).toEqual([
    "convert",
    "create",
    "net-update add",
    "net-update add",
    "define",
    "start",
  ]);
  await ok("machine", machine);
  expect(hypervisor.did()).toEqual([]);
  expect(hypervisor.network()).toContain(`<host mac='${macOf(name)}' name='${name}' ip='10.90.5.10'/>`);
  expect(hypervisor.network()).toContain(`<hostname>${name}.fleet.example.com</hostname>`);

  await ok("finish", { name });
  await ok("finish", { name });
  expect(hypervisor.did()).toEqual(["eject"]);
  expect(existsSync(hypervisor.machine(name, "seed.iso"))).toBe(false);
  expect((await survey()).machines).toMatchObject([{ name, whole: true }]);
  expect((await survey()).promised).toEqual({ cpu: 1, ram: 1024, disk: 10 });

  expect(await ok("destroy", { name, mac: macOf(name) })).toBe("removed\n");
  expect(readdirSync(hypervisor.machine())).toEqual(["images"]);
  expect(hypervisor.network()).not.toContain(name);
  expect(await survey()).toMatchObject({ machines: [], promised: { cpu: 0, ram: 0, disk: 0 } });
  expect(await ok("destroy", { name, mac: macOf(name) })).toBe("absent\n");
});

test("a run that was killed between its steps is gone on with where it stopped", async () => {
  await prepared();
  mkdirSync(hypervisor.machine(".new"));
  writeFileSync(hypervisor.machine(".new", "seed.iso"), "half");
  await ok("record", record);
  // Killed while the disk was copied.
  writeFileSync(hypervisor.machine(name, "os.new"), "half");
  await ok("machine", machine);
  expect(readFileSync(hypervisor.machine(name, "os.qcow2"), "utf8")).toBe(content);
  // Killed after it was defined.
  writeFileSync(hypervisor.path("lib/fake-libvirt/domains", name, "state"), "shut off\n");
  hypervisor.did();
  await ok("machine", machine);
  expect(hypervisor.did()).toEqual(["start"]);
});

test("a machine that was made meanwhile is counted before another is written down", async () => {
  await prepared();
  hypervisor.addForeign("other", { cpu: 1, ramMib: 512, diskBytes: 1 });
  const { status, stderr } = await hypervisor.run("record", record);
  expect(status).toBe(1);
  expect(stderr).toContain(
    "another machine was made on this hypervisor meanwhile: run this again: it counts anew",
  );
  expect(existsSync(hypervisor.machine(name))).toBe(false);
});

test("two machines have two addresses", async () => {
  await prepared();
  await ok("record", record);
  await ok("record", { ...record, name: "bbbbbbbb" });
  expect((await survey()).machines.map(({ address }) => address)).toEqual(["10.90.5.10", "10.90.5.11"]);
});

test("an image that is larger than the disk is refused with the figure that is needed", async () => {
  await prepared();
  writeFileSync(hypervisor.machine("images", `${sha256}.img.info`), '{"virtual-size": 10737418241,}');
  await ok("record", record);
  const { stderr } = await hypervisor.run("machine", machine);
  expect(stderr).toContain("the image takes 11 GiB, and --osdisk is 6: give --osdisk 11 or more");
});

describe("the cache of images", () => {
  const asked: (string | undefined)[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const server = createServer((request, response) => {
    asked.push(request.headers.range);
    answer(request, response);
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/i';touch${"$IFS"}x;'.qcow2`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    asked.length = 0;
    mkdirSync(hypervisor.machine());
    answer = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = {
        "content-range": `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}`,
      };
      response.writeHead(from > 0 ? 206 : 200, from > 0 ? range : {}).end(content.slice(from));
    };
  });
  const image = () => hypervisor.machine("images", `${sha256}.img`);
  const partial = () => hypervisor.machine("images", `${sha256}.partial`);
  const inputs = () => ({ image_url: url, image_sha256: sha256 });

  test("has what was asked for, and does not ask twice", async () => {
    await ok("image", inputs());
    expect(readFileSync(image(), "utf8")).toBe(content);
    await ok("image", inputs());
    expect(asked).toEqual([undefined]);
  });

  test("goes on with a download that broke off, and never takes a part for the whole", async () => {
    mkdirSync(hypervisor.machine("images"));
    writeFileSync(partial(), content.slice(0, 5000));
    await ok("image", inputs());
    expect(asked).toEqual(["bytes=5000-"]);
    expect(readFileSync(image(), "utf8")).toBe(content);
    expect(existsSync(partial())).toBe(false);
  });

  test("begins anew where the server cannot go on in the middle", async () => {
    mkdirSync(hypervisor.machine("images"));
    writeFileSync(partial(), content.slice(0, 5000));
    answer = (_request, response) => response.writeHead(200).end(content);
    await ok("image", inputs());
    expect(readFileSync(image(), "utf8")).toBe(content);
  });

  test("removes what has another sum, and says both", async () => {
    answer = (_request, response) => response.writeHead(200).end("something else");
    const { status, stderr } = await hypervisor.run("image", inputs());
    expect(status).toBe(1);
    expect(stderr).toContain(
      `the image has the SHA-256 ${sum("something else")}, and ${sha256} was asked for: it was removed`,
    );
    expect(readdirSync(hypervisor.machine("images"))).toEqual([]);
  });

  test("does not take an image that reads another file", async () => {
    mkdirSync(hypervisor.machine("images"));
    writeFileSync(partial(), content);
    writeFileSync(`${partial()}.info`, '{"backing-filename": "/etc/shadow"}');
    const { stderr } = await hypervisor.run("image", inputs());
    expect(stderr).toContain("the image is only the difference to another file");
    expect(existsSync(image())).toBe(false);
  });
});
