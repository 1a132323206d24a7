/** Who is refused in a fleet that runs: a part of its end-to-end test. */
import { join } from "node:path";
import { createKeyPair } from "../daemons/ssh/keypair.fake.ts";
import { must, until } from "./command.ts";
import { dial } from "./dial.ts";
import type { TestFleet } from "./test-fleet.ts";

export interface Stage {
  /** A session `one` runs on its host agent-a. */
  fleet: TestFleet;
  find: (name: string) => Promise<Record<string, unknown> | undefined>;
  becomes: (name: string, state: string, withinMs: number) => Promise<unknown>;
}

export function trust({ fleet, find, becomes }: Stage): void {
  const { lab } = fleet;
  const journal = async (host: string, unit: string) =>
    (await lab.exec(host, ["journalctl", "-u", unit, "-o", "cat", "--no-pager"])).stdout;

  async function keyFile(
    name: string,
    type: "ed25519" | "rsa",
    comment: string,
  ): Promise<{ file: string; line: string }> {
    const pair = createKeyPair(comment, type);
    const file = join(lab.records.folder, name);
    await must(["sh", "-c", 'umask 077; cat > "$1"', "sh", file], { stdin: pair.privateKey });
    return { file, line: pair.publicKey };
  }

  test("a key that is not ours is refused by both daemons, by name", async () => {
    const { file, line } = await keyFile("stranger", "ed25519", "operator=mallory");
    const print =
      /SHA256:\S+/.exec(await must(["ssh-keygen", "-lf", "-"], { stdin: `${line}\n` }))?.[0] ?? "?";
    for (const [host, port, subsystem, unit] of [
      ["agent-a", 222, "convocate-agent-rpc", "convocate-agent"],
      ["shell-1", 223, "convocate-status", "convocate-status"],
    ] as const) {
      const { address } = await lab.host(host);
      const { code, stdout, stderr } = await dial({
        address,
        port,
        subsystem,
        keyFile: file,
        jump: await fleet.jump(),
      });
      expect(stderr).toContain("Permission denied (publickey)");
      expect({ code, stdout }).toEqual({ code: 255, stdout: "" });
      expect(await journal(host, unit)).toContain(print);
    }
  });

  test("an RSA key is refused even where it is listed; an ed25519 key beside it is admitted", async () => {
    const rsa = await keyFile("rsa", "rsa", "operator=rsa");
    const good = await keyFile("good", "ed25519", "operator=good");
    const keys = "/etc/convocate-agent/authorized_keys";
    await lab.exec("agent-a", ["sh", "-c", `cp -p ${keys} ${keys}.kept; cat >> ${keys}`], {
      stdin: `${rsa.line}\n${good.line}\n`,
    });
    const { address } = await lab.host("agent-a");
    const jump = await fleet.jump();
    const knock = (keyFile: string) =>
      dial({ address, port: 222, subsystem: "convocate-agent-rpc", keyFile, jump });
    await until("the new line is read", 10_000, async () =>
      (await knock(good.file)).stdout.includes('"ok":true'),
    );
    const refused = await knock(rsa.file);
    expect(refused.stderr).toContain("Permission denied (publickey)");
    expect(await journal("agent-a", "convocate-agent")).toMatch(/ssh-rsa/);
    await lab.exec("agent-a", ["mv", `${keys}.kept`, keys]);
    await until("the removed line is refused", 10_000, async () => (await knock(good.file)).code === 255);
    expect((await fleet.verb("get", "one")).code).toBe(0);
  });

  /** Gives a daemon another host key for as long as `look` takes. */
  async function withOtherHostKey(
    host: string,
    file: string,
    unit: string,
    look: () => Promise<void>,
  ): Promise<void> {
    const { privateKey } = createKeyPair("");
    await lab.exec(host, ["sh", "-c", `cp -p ${file} ${file}.kept; cat > ${file}`], { stdin: privateKey });
    await lab.exec(host, ["systemctl", "restart", unit]);
    try {
      await look();
    } finally {
      await lab.exec(host, ["mv", `${file}.kept`, file]);
      await lab.exec(host, ["systemctl", "restart", unit]);
    }
  }

  test("an agent with a changed host key is refused by name, loudly", async () => {
    await withOtherHostKey(
      "agent-a",
      "/etc/convocate-agent/ssh_host_ed25519_key",
      "convocate-agent",
      async () => {
        const { code, stderr } = await fleet.verb("kill", "one");
        expect(code).toBe(5);
        expect(stderr).toMatch(/host key/i);
        expect(stderr).toContain((await lab.host("agent-a")).address);
      },
    );
    await becomes("one", "running", 40_000);
    await until("the agent answers again", 40_000, async () => (await fleet.verb("get", "one")).code === 0);
  });

  test("a shell host with a changed host key gets no events, and the agent says why", async () => {
    await withOtherHostKey(
      "shell-1",
      "/etc/convocate/status_host_ed25519_key",
      "convocate-status",
      async () => {
        await until("the agent names the changed key", 40_000, async () =>
          (await journal("agent-a", "convocate-agent")).includes("host_key_changed"),
        );
      },
    );
    await until("events arrive again", 60_000, async () => (await find("one"))?.["reachable"] === true);
  });
}
