/** Taking over a small fleet of v2: the shell host, then its agent, whose session runs on. A part of an end-to-end test, with shell-1 and agent-a. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprintOf } from "../infra/cli/host-key.ts";
import { must, run, until, type Outcome } from "./command.ts";
import type { TestFleet } from "./test-fleet.ts";
import { makeOldFleet, type OldFleet } from "./v2-host.ts";

const root = join(import.meta.dirname, "..");

/** The tests build on each other; the fleet that they leave is whole, with two sessions that were v2's. */
export function takeOver(fleet: TestFleet): void {
  const { lab } = fleet;
  const old: OldFleet = {
    agentId: "v2agent23456",
    session: "1b0b0b0b-1111-4222-8333-444444444444",
    orphan: "2b0b0b0b-1111-4222-8333-444444444444",
    image: "",
  };
  const text = () => readFileSync(fleet.stackFile, "utf8");
  const onHost = (host: string, script: string) =>
    must(["docker", "exec", lab.container(host), "bash", "-c", script]);

  async function adopt(host: string, ...words: string[]): Promise<Outcome> {
    const { address, hostKey } = await lab.host(host);
    const login = ["--user", lab.user, "--identity", lab.records.privateKeyFile];
    const given = ["--address", address, "--fingerprint", fingerprintOf(hostKey), ...login];
    return run(
      [join(root, "script/convocate-host"), "adopt", host, ...given, ...words, "--stack", fleet.stack],
      { timeoutMs: 500_000 },
    );
  }

  /** All that a dry run must not change: files with their contents, rules, containers. */
  const tree = async (host: string) =>
    (
      await onHost(
        host,
        `{ find /etc /home /usr/local /var/lib/convocate* /var/log/convocate* -printf '%p %y %m %u %g %s %l %T@\\n' | LC_ALL=C sort
         find /etc /home /usr/local -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; ufw show added; docker ps -aq --no-trunc; true; } 2>/dev/null`,
      )
    ).split("\n");
  const runs = () =>
    onHost(
      "agent-a",
      `docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' convocate-session-${old.session}`,
    );
  const publicHalf = (host: string, file: string) =>
    onHost(host, `cat ${file} | ssh-keygen -y -f /dev/stdin | cut -d' ' -f1,2`);

  let before = "";
  let keys: string[] = [];
  const hostKeys = async () => [
    await publicHalf("shell-1", "/etc/convocate/status_host_ed25519_key"),
    await publicHalf("agent-a", "/etc/convocate-agent/ssh_host_ed25519_key"),
  ];

  beforeAll(async () => {
    const images = JSON.parse(readFileSync(join(root, "dist/image.json"), "utf8")) as {
      slim: { reference: string };
    };
    old.image = images.slim.reference;
    await makeOldFleet(lab, old);
    const salt = /^encryptionsalt:.*$/m.exec(text())?.[0] ?? "";
    writeFileSync(
      fleet.stackFile,
      `config:\n  # what the lab runs\n  convocate:command: bash --norc\n  convocate:image: slim # small\n${salt}\n`,
    );
    before = await runs();
    keys = await hostKeys();
  });

  describe("the shell host", () => {
    test("an agent is refused before its shell host, and a dry run tells all and changes nothing", async () => {
      const [file, trees] = [text(), [await tree("shell-1"), await tree("agent-a")]];
      const agent = await adopt("agent-a", "--domain", "test.internal", "--yes");
      expect(agent.stderr).toMatch(
        /the stack has no shell host for this agent: Take over the shell host first/,
      );
      expect(agent.code).toBe(4);
      const { stdout, stderr, code } = await adopt("shell-1", "--domain", "test.internal");
      expect(stderr).toContain("add --yes to do it");
      expect(stdout).toMatch(
        /^shell-1 \(Debian .*\): convocate version v2\.3\.0; it becomes shell host of stack test-operators$/m,
      );
      expect(stdout).toContain("login of lab, as an operator of the stack");
      expect(stdout).toContain(`agent ${old.agentId} at user@`);
      expect(stdout).toContain("/etc/dnsmasq.d/convocate.conf");
      expect(code).toBe(0);
      expect(text()).toBe(file);
      expect([await tree("shell-1"), await tree("agent-a")]).toEqual(trees);
    });

    test("taken over it keeps its key and its operators, and v2's files are gone", async () => {
      const { code, stdout, stderr } = await adopt("shell-1", "--domain", "test.internal", "--yes");
      expect(stderr).toBe("");
      expect(stdout).toContain("shell-1 is taken over");
      expect(code).toBe(0);
      expect(text()).toContain("# what the lab runs");
      expect(text()).toContain(`statusHostKey: "${keys[0] ?? ""}"`);
      expect(await hostKeys()).toEqual(keys);
      expect(await fleet.verb("ls")).toMatchObject({ code: 0 });
      const left =
        "ls /etc/dnsmasq.d/convocate.conf /var/lib/convocate/dnsmasq-hosts /etc/logrotate.d/convocate-agent-logs 2>/dev/null; true";
      expect(await onHost("shell-1", left)).toBe("");
      expect(await runs()).toBe(before);
    });

    test("an agent of v2 still sends its log: it trusts the server by v2's authority, and is filed by its address", async () => {
      const files = "tar -C /root -c client.crt client.key -C /etc/convocate/rsyslog-ca ca.crt";
      const pack = `docker exec ${lab.container("shell-1")} ${files} | docker exec -i ${lab.container("agent-a")} tar -C /root -x`;
      await must(["bash", "-c", `set -o pipefail; ${pack}`]);
      const { address } = await lab.host("shell-1");
      const send = `(echo '<13>Jan  1 00:00:00 ${old.agentId} v2: from an agent of v2'; sleep 1) | timeout 60 openssl s_client -quiet -no_ign_eof -verify_return_error -verify_quiet \\
      -CAfile /root/ca.crt -cert /root/client.crt -key /root/client.key -connect ${address}:514`;
      await onHost("agent-a", send);
      await until("the line is filed", 60_000, async () =>
        (
          await onHost("shell-1", `cat /var/log/convocate-agent/${old.agentId}.log 2>/dev/null || true`)
        ).includes("from an agent of v2"),
      );
    });
  });

  describe("the agent", () => {
    test("a dry run tells what stays and what goes, and changes nothing", async () => {
      const [file, trees] = [text(), [await tree("shell-1"), await tree("agent-a")]];
      const { stdout, code } = await adopt("agent-a", "--dry-run");
      expect(stdout).toContain(`agent id ${old.agentId}`);
      expect(stdout).toContain("2 sessions, of which 1 run and run on");
      expect(stdout).toContain("/etc/cron.daily/convocate-image-prune");
      expect(stdout).toContain(`/home/convocate/.ssh/authorized_keys: shell->agent=${old.agentId}`);
      expect(code).toBe(0);
      expect(text()).toBe(file);
      expect([await tree("shell-1"), await tree("agent-a")]).toEqual(trees);
    });

    test("taken over its session runs on in the same container, and is in the list with the other; id and key are kept", async () => {
      const { code, stdout, stderr } = await adopt("agent-a", "--yes");
      expect(stderr).toBe("");
      expect(stdout).toContain("agent-a is taken over");
      expect(code).toBe(0);
      expect(await runs()).toBe(before);
      expect(await hostKeys()).toEqual(keys);
      expect(await onHost("agent-a", "cat /etc/convocate-agent/agent-id")).toBe(old.agentId);
      expect(text()).toContain(`agentId: ${old.agentId}`);
      await until("both sessions are in the list", 60_000, async () => {
        const all = (await fleet.sessions())
          .map(({ name, state, agent_id }) => [name, state, agent_id])
          .sort();
        return (
          JSON.stringify(all) ===
          JSON.stringify([
            ["v2-1", "running", old.agentId],
            ["v2-2", "stopped", old.agentId],
          ])
        );
      });
      const container = `docker exec convocate-session-${old.session} true`;
      expect((await lab.exec("agent-a", ["sh", "-c", container])).code).toBe(0);
    });

    test("its log comes by our own authority, while v2's is trusted for the others", async () => {
      await until("our agent's lines are filed", 60_000, async () =>
        (await onHost("shell-1", `cat /var/log/convocate-agent/${old.agentId}.log`)).includes(
          "convocate-agent",
        ),
      );
    });

    test("v2's cron job and key line are gone, and what is left of v2 is nobody's way in", async () => {
      const left = `ls /etc/cron.daily/convocate-image-prune /etc/systemd/resolved.conf.d/00-convocate-dnsmasq.conf /home/convocate/.ssh/authorized_keys /var/lib/convocate-provision/v2.tar 2>/dev/null; true`;
      expect(await onHost("agent-a", left)).toBe("");
      expect(await onHost("agent-a", "readlink /usr/local/bin/convocate-agent")).toContain(
        "/usr/local/lib/convocate/current",
      );
    });

    test("a second run finds nothing left to do, on either host; nor does update", async () => {
      expect(await adopt("agent-a", "--yes")).toMatchObject({
        code: 0,
        stdout: "agent-a: nothing is left to do\n",
      });
      expect(await adopt("shell-1", "--yes")).toMatchObject({
        code: 0,
        stdout: "shell-1: nothing is left to do\n",
      });
      const { stdout } = await fleet.host("update", "--all", "--dry-run");
      expect(stdout).toMatch(/unchanged/);
      expect(stdout).not.toMatch(/planned/);
    });

    test("the stopped one of its sessions starts as ours", async () => {
      expect(await fleet.verb("restart", "v2-2")).toMatchObject({ code: 0 });
      expect(await runs()).toBe(before);
    });
  });

  test("v2's log authority is trusted until its last agent is gone, and then no more", async () => {
    const authorities = () => onHost("shell-1", "grep -c BEGIN /etc/convocate/rsyslog-ca/ca.pem");
    expect(await authorities()).toBe("2");
    expect(await onHost("shell-1", "ls /etc/convocate/log-peers")).toBe(`left4later22\n${old.agentId}`);
    await onHost("shell-1", "rm -r /etc/convocate/agent-keys/left4later22");
    const { code, stdout } = await adopt("shell-1", "--yes");
    expect(stdout).toContain("/etc/convocate/rsyslog-ca/ca.key");
    expect(code).toBe(0);
    expect(await authorities()).toBe("1");
    expect(await onHost("shell-1", "ls /etc/convocate/log-peers")).toBe(old.agentId);
    expect(
      await onHost("shell-1", "ls /etc/convocate/rsyslog-ca /usr/local/bin; ufw show added"),
    ).not.toMatch(/ca\.crt|convocate-host|allow 514\/tcp$/m);
    expect((await fleet.sessions()).length).toBe(2);
    expect(await adopt("shell-1", "--yes")).toMatchObject({
      code: 0,
      stdout: "shell-1: nothing is left to do\n",
    });
  });
}
