import { parse } from "yaml";
import { z } from "zod";
import { seedOf } from "./seed.ts";

const hostKey = {
  private: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n",
  public: "ssh-ed25519 AAAAhost",
};
const guest = {
  name: "abcdefgh",
  domain: "fleet.example.com",
  user: "ubuntu",
  authorizedKeys: ["ssh-ed25519 AAAAalice alice: # it's a comment"],
  hostKey,
  mac: "52:54:00:12:34:56",
};
const seed = seedOf(guest);
const userData = z
  .looseObject({
    ssh_keys: z.unknown(),
    write_files: z.array(z.object({ path: z.string(), permissions: z.string(), content: z.string() })),
    runcmd: z.array(z.array(z.string())),
    users: z.array(z.looseObject({ ssh_authorized_keys: z.array(z.string()) })),
  })
  .parse(parse(seed["user-data"], { version: "1.1" }));

test("cloud-init takes it for cloud-config", () => {
  expect(seed["user-data"]).toMatch(/^#cloud-config\n/);
});

test("the VM answers with the key that was made for it, byte for byte, and lets in by key alone", () => {
  expect(userData.ssh_keys).toEqual({ ed25519_private: hostKey.private, ed25519_public: hostKey.public });
  expect(userData).toMatchObject({ ssh_pwauth: false, disable_root: true, ssh_deletekeys: true });
  expect(userData.users.map((user) => user.ssh_authorized_keys)).toEqual([guest.authorizedKeys]);
});

test("what it runs is what it brings, each a whole script", () => {
  expect(userData.runcmd.map(([program]) => program)).toEqual(userData.write_files.map(({ path }) => path));
  for (const { content } of userData.write_files) expect(content).toMatch(/^#!\/bin\/bash\n[^]*\n$/);
});

test("one name is its host name, its instance and its name in the fleet's DNS", () => {
  expect(parse(seed["meta-data"], { version: "1.1" })).toEqual({
    "instance-id": "abcdefgh",
    "local-hostname": "abcdefgh",
  });
  expect(userData).toMatchObject({ hostname: "abcdefgh", fqdn: "abcdefgh.fleet.example.com" });
});

test("its card is known by its address, which YAML 1.1 must not read as a number in base 60", () => {
  const seed = seedOf({ ...guest, mac: "52:54:00:12:34:10" })["network-config"];
  expect(parse(seed, { version: "1.1" })).toMatchObject({
    ethernets: { card: { match: { macaddress: "52:54:00:12:34:10" }, dhcp4: true } },
  });
});
