import { faultText, parseVmOptions } from "./options.ts";

const imageSha256 = "ab".repeat(32);
const good = {
  hypervisor: "10.0.0.5",
  username: "ubuntu",
  domain: "fleet.example.com",
  cpu: "4",
  ram: "8192",
  osdisk: "20",
  datadisk: "100",
  image: "https://images.example.com/debian-12.qcow2",
  imageSha256,
};

function faultsOf(given: Record<string, unknown>): string[] {
  const result = parseVmOptions(given);
  return "faults" in result ? result.faults.map(faultText) : [];
}

test("a whole command line is taken, with its numbers as numbers", () => {
  expect(parseVmOptions(good)).toEqual({
    options: { ...good, cpu: 4, ram: 8192, osdisk: 20, datadisk: 100, virtType: "kvm" },
  });
});

test.each([
  { cpu: "1", ram: "512", osdisk: "5", datadisk: "1" },
  { hypervisor: "fd00::5" },
  { hypervisor: "Hyper-1.example.com" },
  { image: "/var/images/debian.qcow2" },
  { imageSha256: imageSha256.toUpperCase() },
  { virtType: "qemu", network: "192.168.7.0/24", join: "shell-1" },
])("the edge of what is allowed is allowed: %j", (some) => {
  expect(faultsOf({ ...good, ...some })).toEqual([]);
});

const cpu = "give a whole number of processors, 1 to 512";
const ram = "give a whole number of MiB, 512 to 16777216";
const image = "give an absolute path, or an http(s) URL without a user in it";
const host = "give a host name or an IP address";
const user =
  "give a user name other than root, whose login is closed: a-z, 0-9, _ and -, at most 32, not beginning with a digit or -";
const domain = "give a DNS name: labels of a-z, 0-9 and -, each 1 to 63, 244 in all";
const sum = "give the SHA-256 of the image, as its publisher has it: 64 digits 0-9 and a-f";
const network = "give a private network of 256 addresses, such as 10.90.0.0/24";

test.each<[Record<string, unknown>, string]>([
  [{ cpu: "0" }, `--cpu: got "0"; ${cpu}`],
  [{ cpu: "-1" }, `--cpu: got "-1"; ${cpu}`],
  [{ cpu: "2.5" }, `--cpu: got "2.5"; ${cpu}`],
  [{ cpu: "1e2" }, `--cpu: got "1e2"; ${cpu}`],
  [{ cpu: undefined }, `--cpu: is missing; ${cpu}`],
  [{ ram: "511" }, `--ram: got "511"; ${ram}`],
  [{ ram: "8G" }, `--ram: got "8G"; ${ram}`],
  [{ osdisk: "4" }, `--osdisk: got "4"; give a whole number of GiB, 5 to 65536`],
  [{ datadisk: "0" }, `--datadisk: got "0"; give a whole number of GiB, 1 to 65536`],
  [{ datadisk: "99999999999" }, `--datadisk: got "99999999999"; give a whole number of GiB, 1 to 65536`],
  [{ hypervisor: "" }, `--hypervisor: got ""; ${host}`],
  [{ hypervisor: "-oProxyCommand=id" }, `--hypervisor: got "-oProxyCommand=id"; ${host}`],
  [{ hypervisor: "user@10.0.0.5" }, `--hypervisor: got "user@10.0.0.5"; ${host}`],
  [{ username: "Ubuntu" }, `--username: got "Ubuntu"; ${user}`],
  [{ username: "a;id" }, `--username: got "a;id"; ${user}`],
  [{ domain: "fleet_example" }, `--domain: got "fleet_example"; ${domain}`],
  [{ domain: "example.com." }, `--domain: got "example.com."; ${domain}`],
  [{ image: "debian.qcow2" }, `--image: got "debian.qcow2"; ${image}`],
  [{ image: "ftp://example.com/a" }, `--image: got "ftp://example.com/a"; ${image}`],
  [{ image: "https://u:p@example.com/a" }, `--image: got "https://u:p@example.com/a"; ${image}`],
  [{ image: undefined }, `--image: is missing; ${image}`],
  [{ imageSha256: "abc" }, `--image-sha256: got "abc"; ${sum}`],
  [{ imageSha256: undefined }, `--image-sha256: is missing; ${sum}`],
  [{ virtType: "xen" }, `--virt-type: got "xen"; give kvm, or qemu where the hypervisor cannot do that`],
  [{ username: "root" }, `--username: got "root"; ${user}`],
  [{ network: "8.8.8.0/24" }, `--network: got "8.8.8.0/24"; ${network}`],
  [{ network: "10.0.0.0/8" }, `--network: got "10.0.0.0/8"; ${network}`],
  [{ network: "10.999.0.0/24" }, `--network: got "10.999.0.0/24"; ${network}`],
  [{ join: "shell 1; id" }, `--join: got "shell 1; id"; give the name of the stack's shell host`],
])("%j is refused by option, value and remedy", (some, said) => {
  expect(faultsOf({ ...good, ...some })).toEqual([said]);
});

test("one run tells all that is wrong", () => {
  expect(faultsOf({ ...good, cpu: "0", ram: "1", imageSha256: "x" })).toHaveLength(3);
});
