import type { VmOptions } from "./options.ts";
import { admit, askedFor, begun } from "./plan.ts";
import { VmRefusal } from "./refusal.ts";
import type { Machine, Survey } from "./survey.ts";

const silent: VmOptions = {
  ...{ hypervisor: "10.0.0.5", username: "ubuntu", domain: "fleet.example.com" },
  ...{ cpu: 2, ram: 2048, osdisk: 10, datadisk: 20 },
  ...{ image: "/image", imageSha256: "ab".repeat(32), virtType: "kvm" },
};
const options: VmOptions = { ...silent, network: "10.90.5.0/24" };
const machine = (name: string, whole: boolean, of = options): Machine => ({
  ...{ name, whole, asked: askedFor(of), address: "10.90.5.10", hostKey: "ssh-ed25519 AAAA" },
});
const survey: Survey = {
  ...{ platform: "debian:12 x86_64", kvm: true, running: 0, gateway: null, clashes: [], machines: [] },
  capacity: { cpu: 8, ram: 16_000, disk: 200 },
  promised: { cpu: 0, ram: 0, disk: 0 },
};

function refusal(change: Partial<Survey>, asked: Partial<VmOptions> = {}): string {
  try {
    return `admitted to ${admit({ ...survey, ...change }, { ...options, ...asked })}`;
  } catch (error) {
    if (error instanceof VmRefusal) return `${error.kind}: ${error.message}: ${error.remedy}`;
    throw error;
  }
}

test("a machine gets the network that is there, else the one that was asked for, else one of the hypervisor's own", () => {
  expect(refusal({})).toBe("admitted to 10.90.5.0/24");
  expect(admit(survey, silent)).toMatch(/^10\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.0\/24$/);
  expect(admit(survey, silent)).not.toBe(admit(survey, { ...silent, hypervisor: "10.0.0.6" }));
  expect(admit({ ...survey, gateway: "10.77.1.1" }, silent)).toBe("10.77.1.0/24");
});

test.each<[string, Partial<Survey>, RegExp]>([
  ["no KVM", { kvm: false }, /^refused: 10\.0\.0\.5 has no \/dev\/kvm: .*--virt-type qemu/],
  ["an old system", { platform: "debian:11 x86_64" }, /^refused: 10\.0\.0\.5 is debian:11 x86_64/],
  ["another system", { platform: "fedora:40 x86_64" }, /^refused: .*Use Debian 12/],
  ["another processor", { platform: "debian:12 aarch64" }, /^refused: .*on x86_64/],
  [
    "no room",
    { promised: { cpu: 6, ram: 0, disk: 180 } },
    /^refused: .*\n {2}cpu: 2 asked for, and 6 of 7 given away.*\n {2}disk: 30 asked for, and 180 of 180 /,
  ],
  [
    "another network",
    { gateway: "10.77.1.1" },
    /^refused: --network: got 10\.90\.5\.0\/24, and the machines of 10\.0\.0\.5 are in 10\.77\.1\.0\/24/,
  ],
  [
    "a network in the way",
    { clashes: ["10.0.0.0/8"] },
    /^refused: 10\.90\.5\.0\/24 would be in the way of 10\.0\.0\.0\/8/,
  ],
])("a hypervisor with %s is refused", (_, change, words) => {
  expect(refusal(change)).toMatch(words);
});

test("emulation needs no KVM; Ubuntu will do", () => {
  expect(refusal({ kvm: false, platform: "ubuntu:24.04 x86_64" }, { virtType: "qemu" })).toMatch(/^admitted/);
});

test("the same words mean the same machine, wherever its image comes from; other words another one", () => {
  const there = { ...survey, machines: [machine("aaaaaaaa", true)] };
  expect(begun(there, { ...options, image: "https://example.com/i" }, false)?.name).toBe("aaaaaaaa");
  expect(begun(there, { ...options, ram: 4096 }, false)).toBeNull();
  expect(begun(there, options, true)).toBeNull();
});

test("one that is not finished comes first, also where another one is asked for", () => {
  const there = { ...survey, machines: [machine("aaaaaaaa", true), machine("bbbbbbbb", false)] };
  expect(begun(there, options, false)?.name).toBe("bbbbbbbb");
  expect(begun(there, options, true)?.name).toBe("bbbbbbbb");
});
