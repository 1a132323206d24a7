/** The hardening against the real sshd, which checks a configuration of our own; nothing is started. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string;
let config: string;
let dropin: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "harden-"));
  config = join(folder, "sshd_config");
  dropin = `${config}.d/00-convocate-hardening.conf`;
  run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key"));
  // sshd wants its folder also where it only checks.
  mkdirSync("/run/sshd", { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
  });
  return { status, stdout, stderr };
}
const harden = () => run("bash", join(import.meta.dirname, "harden.sh"), config);
const configure = (...lines: string[]) =>
  writeFileSync(config, `Include ${config}.d/*.conf\nHostKey ${folder}/key\n${lines.join("\n")}\n`);

test("sshd does what the drop-in says, also where its configuration says otherwise", () => {
  configure("PermitRootLogin yes", "PasswordAuthentication yes", "X11Forwarding yes", "MaxAuthTries 20");
  expect(harden()).toMatchObject({ status: 0, stderr: "" });
  const effective = run("sshd", "-T", "-f", config).stdout.split("\n");
  expect(effective).toEqual(
    expect.arrayContaining([
      "permitrootlogin no",
      "passwordauthentication no",
      "kbdinteractiveauthentication no",
      "permitemptypasswords no",
      "x11forwarding no",
      "maxauthtries 4",
      "logingracetime 60",
    ]),
  );
});

test("a second run writes nothing", () => {
  configure();
  harden();
  const { mtimeMs, ino } = statSync(dropin);
  expect(harden().status).toBe(0);
  expect(statSync(dropin)).toMatchObject({ mtimeMs, ino });
});

test("a configuration that sshd refuses already is left as it is, with sshd's words", () => {
  configure("Nonsense yes");
  const { status, stderr } = harden();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^sshd refuses its configuration as it is; nothing was changed: .*Nonsense/);
  expect(existsSync(dropin)).toBe(false);
});

test("what sshd refuses together with the rest is taken back, to what was there before", () => {
  configure();
  mkdirSync(`${config}.d`);
  writeFileSync(dropin, "# of an earlier release\n");
  // An sshd without one of the ciphers: it finds the drop-in wrong, not what was there.
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(
    join(bin, "sshd"),
    `#!/bin/sh\nif grep -q '^Ciphers' ${config}.d/*.conf; then echo "Bad SSH2 cipher spec" >&2; exit 255; fi\n`,
    { mode: 0o755 },
  );
  const { status, stderr } = run(
    "env",
    `PATH=${bin}:/usr/bin:/bin`,
    "bash",
    join(import.meta.dirname, "harden.sh"),
    config,
  );
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "sshd refuses the hardening, which was taken back: Bad SSH2 cipher spec\n",
  });
  expect(readFileSync(dropin, "utf8")).toBe("# of an earlier release\n");
});

test("a configuration that reads no drop-ins is refused: the drop-in would do nothing", () => {
  writeFileSync(config, `HostKey ${folder}/key\n`);
  const { status, stderr } = harden();
  expect(status).toBe(1);
  expect(stderr).toContain(`does not include ${config}.d/*.conf; nothing was changed`);
  expect(existsSync(dropin)).toBe(false);
});
