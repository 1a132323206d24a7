/** A session that tries to get out of its container, on a real agent host; what it may hurt there, and what ends no session. */
import { createServer, type Server } from "node:net";
import { Tmux } from "../tui/screens/tmux.fake.ts";
import { run, until, type Outcome } from "./command.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(300_000);

const fleet = new TestFleet("confinement");
const { lab } = fleet;
const port = 8080;
/** Answers whoever connects. Every Debian-family system has perl. */
const answering = `perl -MIO::Socket -e '$s = IO::Socket::INET->new(Listen => 9, LocalPort => ${String(port)}, ReuseAddr => 1); while ($c = $s->accept) { print $c "neighbour\\n" }'`;
const terminals: Tmux[] = [];
/** Something beyond the host that answers, as the internet does. */
let beyond: Server;
/** Addresses of the agent host: on the lab's network, on Docker's own bridge, on the sessions' bridge. */
let addresses: { lab: string; docker: string; bridge: string };
const uuids: Record<string, string> = {};

const host = (line: string) => lab.exec("agent-a", ["sh", "-c", line], { timeoutMs: 60_000 });
const told = async (line: string) => {
  const { code, stdout, stderr } = await host(line);
  if (code !== 0) throw new Error(`\`${line}\` on the host: status ${String(code)}: ${stderr}`);
  return stdout.trim();
};
const container = (name: string) => `convocate-session-${uuids[name] ?? "?"}`;

/** Runs a script inside a session, as its user or, by its sudo, as root. */
function inside(name: string, who: "user" | "root", script: string, ...args: string[]): Promise<Outcome> {
  const argv = [...(who === "root" ? ["sudo", "-n"] : []), "bash", "-c", script, "bash", ...args];
  const exec = ["docker", "exec", "-u", "1337:1337", container(name), ...argv];
  return lab.exec("agent-a", exec, { timeoutMs: 60_000 });
}

/** Which of `targets` (`tcp/address/port`) answer with at least a byte; all are tried at once. */
const probe = `for target in "$@"; do
  timeout 3 bash -c 'exec 3<>"/dev/$0"; echo hello >&3; [ -n "$(head -c 1 <&3)" ] && echo "$0"' "$target" 2>/dev/null &
done; wait`;
const answeringOf = async (outcome: Promise<Outcome>) =>
  (await outcome).stdout.split("\n").filter(Boolean).sort();

async function make(name: string, ...options: string[]): Promise<void> {
  expect((await fleet.verb("new", name, ...options)).code).toBe(0);
  expect((await fleet.verb("restart", name)).code).toBe(0);
  uuids[name] = String((await fleet.sessions()).find((session) => session["name"] === name)?.["uuid"]);
}

/** What only a restart of the container changes. */
const identity = (name: string) =>
  told(
    `docker inspect -f '{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.State.Running}}' ${container(name)}`,
  );
const agentProcess = () => told("systemctl show convocate-agent -p MainPID,NRestarts,ActiveState");
const asked = async (name: string) =>
  (await fleet.ask("agent-a", "get", { id: uuids[name] }))["result"] as Record<string, unknown>;
/** The neighbour, as somebody on the host's network meets it. */
const neighbourAnswers = async () =>
  (await answeringOf(run(["bash", "-c", probe, "bash", `tcp/${addresses.lab}/${String(port)}`]))).length ===
  1;

beforeAll(async () => {
  await fleet.open(["shell-1", "agent-a"]);
  const hosts = { "shell-1": "{ role: shell }", "agent-a": "{ role: agent, shell: shell-1 }" };
  await fleet.configure(hosts, { publishFrom: '["0.0.0.0/0"]' });
  const { code, stdout, stderr } = await fleet.up();
  if (code !== 0) throw new Error(`pulumi up: ${stdout}${stderr}`);
  await make("prisoner");
  await make("neighbour", "--port", String(port), "--command", `"${answering.replace(/["$\\]/g, "\\$&")}"`);
  const address = (device: string) =>
    told(`ip -4 -o address show dev ${device} | sed 's,.*inet \\([0-9.]*\\)/.*,\\1,'`);
  addresses = {
    lab: await address("eth0"),
    docker: await address("docker0"),
    bridge: await address("convocate0"),
  };
  await until("the neighbour serves", 20_000, neighbourAnswers);
  beyond = createServer((socket) => socket.on("error", () => undefined).end("beyond\n"));
  const gateway = addresses.lab.replace(/\d+$/, "1");
  await new Promise<void>((resolve) => beyond.listen(0, gateway, resolve));
});
afterAll(async () => {
  beyond.close();
  await Promise.all(terminals.map((terminal) => terminal.end()));
  await fleet.close();
});

describe("a session sees its own home and nothing else of the host", () => {
  test("sudo works inside, with the capabilities of a session and no more", async () => {
    const { stdout } = await inside("prisoner", "root", "id -un; grep -E 'Cap(Eff|Bnd)' /proc/self/status");
    // CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE SYS_CHROOT AUDIT_WRITE SETFCAP
    expect(stdout.trim().split(/\s+/)).toEqual([
      "root",
      "CapEff:",
      "00000000a00404fb",
      "CapBnd:",
      "00000000a00404fb",
    ]);
  });

  test("no socket of the engine, no key, no other home", async () => {
    await inside("neighbour", "user", "echo private >~/of-the-neighbour");
    const { stdout } = await inside(
      "prisoner",
      "root",
      `find / -xdev -type s -not -path '/tmp/tmux-*' -o -xdev -name '*_key' -o -xdev -name docker.sock 2>/dev/null
       find / -name of-the-neighbour -not -path '/proc/*' 2>/dev/null
       ls -d /etc/convocate-agent /var/lib/convocate-agent /etc/ssh/ssh_host* ~convocate/.ssh 2>/dev/null
       ls /home; cut -d' ' -f4,5 /proc/self/mountinfo | grep /home/`,
    );
    expect(stdout.trim().split("\n")).toEqual([
      "convocate",
      expect.stringMatching(new RegExp(`/home/convocate/${uuids["prisoner"] ?? ""} /home/convocate$`)),
    ]);
  });

  test("no process and no disk of the host", async () => {
    const { stdout } = await inside("prisoner", "root", "find /dev -type b; cat /proc/[0-9]*/comm | sort -u");
    const programs = stdout.trim().split("\n");
    expect(programs).toEqual(expect.arrayContaining(["tini", "tmux: server", "sudo"]));
    expect(
      programs.filter((name) => /^(dockerd|systemd|sshd|node|containerd.*|\/dev\/.*)$/.test(name)),
    ).toEqual([]);
  });

  test.each([
    ["mount a file system", "mount -t tmpfs none /mnt"],
    ["mount over a masked folder", "mount --bind / /mnt"],
    ["make a disk's node", "mknod /tmp/disk b 8 0 || mknod /tmp/disk b 254 0"],
    ["make the node of the kernel's memory", "mknod /tmp/mem c 1 1"],
    ["have a user namespace of its own", "unshare --user true"],
    ["have a mount namespace of its own", "unshare --mount true"],
    ["enter another namespace", "nsenter --target 1 --net true"],
    ["press the magic key (its help alone)", "echo h >/proc/sysrq-trigger"],
    ["choose the program that gets core dumps", "test -w /proc/sys/kernel/core_pattern"],
    [
      "write a control group's settings",
      "mkdir $(find /sys/fs/cgroup -maxdepth 1 -type d | tail -n 1)/escape",
    ],
    ["read the kernel's log", "dmesg"],
    ["read the kernel's memory", "test -n \"$(head -c 1 /proc/kcore | tr '\\0' x)\""],
    ["rename the host", "hostname escaped"],
    ["listen to the network", "perl -MSocket -e 'socket(S, AF_INET, SOCK_RAW, 1) or exit 1'"],
  ])("root in it cannot %s", async (_, script) => {
    expect((await inside("prisoner", "root", script)).code).not.toBe(0);
  });

  test("a program it leaves in its home to run as root is out of reach for other users of the host", async () => {
    const made = await inside(
      "prisoner",
      "root",
      "cp /bin/bash ~convocate/rootly && chmod 4755 ~convocate ~convocate/rootly",
    );
    expect(made.code).toBe(0);
    const file = `/home/convocate/${uuids["prisoner"] ?? ""}/rootly`;
    expect(await told(`stat -c '%U %a' ${file}`)).toBe("root 4755");
    expect((await lab.ssh("agent-a", `${file} -p -c id`)).stderr).toMatch(/Permission denied/);
  });
});

/** Everything on the host that answers, and the neighbour, by every address. */
const targets = () => [
  ...Object.values(addresses).flatMap((address) =>
    [22, 222, 53, 3999, port].map((number) => `tcp/${address}/${String(number)}`),
  ),
  ...Object.values(addresses).flatMap((address) =>
    [53, 3999].map((number) => `udp/${address}/${String(number)}`),
  ),
];
const reachable = async (who: "user" | "root") => {
  const { port: elsewhere, address } = beyond.address() as { port: number; address: string };
  const own = await told(
    `docker inspect -f '{{.NetworkSettings.Networks.convocate.IPAddress}}' ${container("neighbour")}`,
  );
  const all = [...targets(), `tcp/${own}/${String(port)}`, `tcp/${address}/${String(elsewhere)}`];
  return answeringOf(inside("prisoner", who, probe, ...all));
};
/** The resolver, and what is beyond the host. */
const allowed = () => {
  const { port: elsewhere, address } = beyond.address() as { port: number; address: string };
  const dns = [`tcp/${addresses.bridge}/53`, `udp/${addresses.bridge}/53`];
  return [`tcp/${address}/${String(elsewhere)}`, ...dns].sort();
};

describe("a session reaches the world, the resolver, and nothing else of its host", () => {
  beforeAll(async () => {
    const program = `const echo = (port) => { require("net").createServer((c) => c.on("error", () => {}).end("hello")).listen(port, "0.0.0.0");
      const udp = require("dgram").createSocket("udp4"); udp.on("message", (m, r) => udp.send("hello", r.port, r.address)); udp.bind(port); };
      echo(53); echo(3999);`;
    const node = "/usr/local/lib/convocate/current/runtime/bin/node";
    // What answers names there otherwise; here something of ours does, by every address.
    await told("systemctl stop dnsmasq");
    const { code } = await lab.exec("agent-a", ["systemd-run", "--unit=listeners", node, "-e", program]);
    expect(code).toBe(0);
    // Docker's own rules keep the host itself from UDP by its bridges' addresses.
    const control = targets().filter((target) => !target.startsWith("udp") || target.includes(addresses.lab));
    await until("the host listens", 20_000, async () => {
      const found = await answeringOf(lab.exec("agent-a", ["bash", "-c", probe, "bash", ...control]));
      return found.length === control.length;
    });
  });

  test.each(["user", "root"] as const)("as %s", async (who) => {
    expect(await reachable(who)).toEqual(allowed());
  });

  test("nor by IPv6, should somebody turn it on", async () => {
    const pid = await told(`docker inspect -f '{{.State.Pid}}' ${container("prisoner")}`);
    const enter = `nsenter -t ${pid} -n`;
    await told(
      `sysctl -qw net.ipv6.conf.convocate0.disable_ipv6=0; ${enter} sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0`,
    );
    const addressOf = (device: string, where = "") =>
      until(`${device} has an address`, 10_000, async () => {
        const shown = await host(
          `${where} ip -6 -o address show dev ${device} -tentative | grep -o 'fe80[^/]*'`,
        );
        return shown.stdout.trim() || false;
      });
    await addressOf("eth0", enter);
    const ssh = `tcp/${await addressOf("convocate0")}%eth0/22`;
    const tried = () => answeringOf(inside("prisoner", "user", probe, ssh));
    expect(await tried()).toEqual([]);
    await told("nft delete table inet convocate");
    expect(await tried()).toEqual([ssh]);
    await told("systemctl reload convocate-firewall");
    expect(await tried()).toEqual([]);
  });

  test("nor after the host's own firewall was restarted, which removes every rule, or somebody removed ours", async () => {
    const loaded = () =>
      until(
        "our table is there",
        10_000,
        async () => (await host("nft list table inet convocate")).code === 0,
      );
    await told("systemctl restart nftables");
    await loaded();
    expect((await reachable("root")).filter((target) => !allowed().includes(target))).toEqual([]);
    await told("systemctl reload nftables");
    await loaded();
    await told("nft delete table inet convocate && systemctl restart convocate-agent");
    expect((await host("nft list table inet convocate")).code).toBe(0);
  });
});

describe("an engine that is restarted", () => {
  const clients = async () =>
    (await inside("prisoner", "user", "tmux list-clients -t convocate")).stdout.split("\n").filter(Boolean);
  const attach = async () => {
    const terminal = new Tmux();
    terminals.push(terminal);
    await terminal.start(`${await fleet.listCommand()} attach prisoner; cat`, { cols: 100, rows: 28 });
    await terminal.shows("bash-");
    return terminal;
  };
  const answers = async (terminal: Tmux, sum: number) => {
    await terminal.type(`clear; echo sum $((${String(sum)}+0))`);
    await terminal.press("Enter");
    await terminal.shows(new RegExp(`^sum ${String(sum)}`, "m"));
  };

  test.each([
    ["systemctl restart docker"],
    ["systemctl kill --kill-who=main -s KILL docker"],
    // As an upgrade of both packages does.
    ["systemctl restart containerd docker"],
  ])("`%s`: sessions run on, the agent heals by itself, and who is attached stays so", async (stop) => {
    const terminal = await attach();
    await answers(terminal, 41);
    const before = [await identity("prisoner"), await identity("neighbour"), await agentProcess()];
    const engine = await told("systemctl show docker -P MainPID");
    await told(stop);
    await until(
      "another engine answers",
      60_000,
      async () =>
        (await host(`docker version && [ "$(systemctl show docker -P MainPID)" != ${engine} ]`)).code === 0,
    );
    expect([await identity("prisoner"), await identity("neighbour"), await agentProcess()]).toEqual(before);
    await until("the terminal is attached anew, alone", 20_000, async () => {
      const state = (await asked("prisoner"))["state"];
      return state === "connected" && (await clients()).length === 1;
    });
    await answers(terminal, 42);
    await terminal.press("C-b", "D");
    await until("detached", 10_000, async () => (await clients()).length === 0);
    await until("the neighbour is met again", 20_000, neighbourAnswers);
    expect(await reachable("root")).toEqual(allowed());
    // The agent hears of what happens from the new engine.
    await make("passing", "--command", "'exit 3'");
    await until(
      "its end is heard of",
      20_000,
      async () => (await asked("passing"))["exit_cause"] === "exit 3",
    );
    expect((await fleet.verb("rm", "passing")).code).toBe(0);
  });

  test("an operator who vanishes leaves no tmux client in the container", async () => {
    const terminal = await attach();
    await answers(terminal, 43);
    expect(await clients()).toHaveLength(1);
    await Promise.all(terminals.splice(0).map((gone) => gone.end()));
    await until("its tmux client is gone", 10_000, async () => (await clients()).length === 0);
  });
});

describe("a session that takes all it can get", () => {
  const neighbourIsWell = async () => {
    expect(await neighbourAnswers()).toBe(true);
    expect((await inside("neighbour", "user", "sudo -n true && echo well")).stdout).toBe("well\n");
    expect(await fleet.ask("agent-a", "ping", null)).toMatchObject({ ok: true });
    expect((await host("(exit 0) && ls /proc >/dev/null")).code).toBe(0);
  };

  test("a fork bomb stays within its session, which an operator ends and starts again", async () => {
    const before = await identity("neighbour");
    // Where fork fails it waits a little: the limit is what is shown, not the patience of this machine.
    await told(
      `docker exec -d -u 1337 ${container("prisoner")} perl -e 'while (1) { defined fork or select undef, undef, undef, 1 }'`,
    );
    const pids = async () =>
      Number(await told(`docker stats --no-stream --format '{{.PIDs}}' ${container("prisoner")}`));
    await until("the bomb has all it can get", 60_000, async () => (await pids()) >= 2040);
    expect(await pids()).toBeLessThanOrEqual(2048);
    await neighbourIsWell();
    expect((await fleet.verb("kill", "prisoner")).code).toBe(0);
    expect((await fleet.verb("restart", "prisoner")).code).toBe(0);
    expect((await inside("prisoner", "root", "id -un")).stdout).toBe("root\n");
    expect(await identity("neighbour")).toBe(before);
  });

  test("a program that takes all memory is ended alone: its session lives", async () => {
    const before = [await identity("prisoner"), await identity("neighbour")];
    expect((await inside("prisoner", "user", "tail /dev/zero")).code).toBe(137);
    expect([await identity("prisoner"), await identity("neighbour")]).toEqual(before);
    await neighbourIsWell();
  });

  test("where the session's own command did, the session ends and says why", async () => {
    const before = [await identity("prisoner"), await identity("neighbour")];
    await make("hog", "--command", "'tail /dev/zero'");
    await until("the hog is stopped", 60_000, async () => (await asked("hog"))["state"] === "stopped");
    expect((await asked("hog"))["exit_cause"]).toBe("oom");
    expect([await identity("prisoner"), await identity("neighbour")]).toEqual(before);
    await neighbourIsWell();
  });

  test("all sessions together are held to nine tenths of the host", async () => {
    const pid = await told(`docker inspect -f '{{.State.Pid}}' ${container("neighbour")}`);
    const path = await told(
      `grep -oE '/.*convocate-sessions.slice/docker-[0-9a-f]+.scope$' /proc/${pid}/cgroup | sort -u`,
    );
    const slice = path.replace(/\/docker-[^/]*$/, "");
    const memory = await told(
      `cat /sys/fs/cgroup/memory${slice}/memory.limit_in_bytes || cat /sys/fs/cgroup${slice}/memory.max`,
    );
    const cpu = await told(
      `cat /sys/fs/cgroup/cpu*${slice}/cpu.cfs_quota_us /sys/fs/cgroup/cpu*${slice}/cpu.cfs_period_us || cat /sys/fs/cgroup${slice}/cpu.max`,
    );
    const [quota = 0, period = 1] = cpu.split(/\s+/).map(Number);
    expect(quota / period).toBeCloseTo(0.9 * Number(await told("nproc")), 2);
    const total = Number(await told("awk '/^MemTotal:/ { print $2 }' /proc/meminfo")) * 1024;
    expect(Number(memory) / total).toBeCloseTo(0.9, 3);
  });
});

describe("the agent's unit", () => {
  test("systemd finds little that it could be denied", async () => {
    const { code, stdout } = await lab.exec("agent-a", [
      ...["systemd-analyze", "security", "--no-pager", "--threshold=30", "convocate-agent"],
    ]);
    expect(stdout).toMatch(/Overall exposure level for convocate-agent.service: [0-2]\./);
    expect(code).toBe(0);
  });

  test("a reload keeps its process", async () => {
    const before = await agentProcess();
    await told("systemctl reload convocate-agent");
    expect(await agentProcess()).toBe(before);
    expect(await fleet.ask("agent-a", "ping", null)).toMatchObject({ ok: true });
  });
});
