/** What a provisioned host answers to whom: names of sessions, ports, and all of it again after a restart. */
import { Resolver } from "node:dns/promises";
import { must, until, type Outcome } from "./command.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(400_000);

const fleet = new TestFleet("names");
const { lab } = fleet;
const hosts = {
  "shell-1": "{ role: shell }",
  "agent-a": "{ role: agent, shell: shell-1 }",
  "agent-b": "{ role: agent, shell: shell-1 }",
};
const domain = "test.internal";
const published = 8080;
const answering = `perl -MIO::Socket -e '$s = IO::Socket::INET->new(Listen => 9, LocalPort => ${String(published)}, ReuseAddr => 1); while ($c = $s->accept) { print $c "hello\\n" }'`;
const address: Record<string, string> = {};
const uuids: Record<string, string> = {};

async function told(host: string, line: string): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(host, ["bash", "-c", line], { timeoutMs: 90_000 });
  if (code !== 0) throw new Error(`\`${line}\` on ${host}: status ${String(code)}: ${stderr}${stdout}`);
  return stdout.trim();
}

/** Makes a session; returns when that was. */
async function make(name: string, agent: string, ...options: string[]): Promise<number> {
  const made = await fleet.verb("new", name, "--agent", agent, ...options);
  const end = Date.now();
  expect({ name, code: made.code, stderr: made.stderr }).toEqual({ name, code: 0, stderr: "" });
  uuids[name] = String((await fleet.sessions()).find((session) => session["name"] === name)?.["uuid"]);
  return end;
}

/** Asks the shell host as a machine beyond the fleet does. */
async function dig(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([address["shell-1"] ?? ""]);
  return resolver.resolve4(`${name}.${domain}`).catch((error: { code?: string }) => [error.code ?? "?"]);
}
const inside = (agent: string, name: string, line: string): Promise<Outcome> =>
  lab.exec(agent, [
    "docker",
    "exec",
    "-u",
    "1337",
    `convocate-session-${uuids[name] ?? "?"}`,
    "bash",
    "-c",
    line,
  ]);

/** Which of `ports` a TCP connection from `from` (a host, or this machine) to `to` is made to. */
async function open(from: string | null, to: string, ports: readonly number[]): Promise<number[]> {
  const line = `for port in ${ports.join(" ")}; do (timeout 3 bash -c "exec 3<>/dev/tcp/${address[to] ?? ""}/$port" 2>/dev/null && echo $port) & done; wait`;
  const said = from === null ? await must(["bash", "-c", line]) : await told(from, line);
  return said
    .split("\n")
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b);
}
/** Everything that a host listens on beyond itself, and what it might. */
async function scan(from: string | null, to: string): Promise<number[]> {
  const listening = await told(
    to,
    "ss -Htln | awk '{ print $4 }' | grep -v '^127\\|^\\[::1' | sed 's/.*://' | sort -un",
  );
  const ports = [...new Set([...listening.split("\n").map(Number), 22, 53, 222, 223, 3999, published])];
  return open(
    from,
    to,
    ports.filter((port) => port !== 514),
  );
}

const ports = () =>
  Promise.all([
    scan(null, "shell-1"),
    scan("agent-b", "shell-1"),
    scan(null, "agent-a"),
    scan("agent-b", "agent-a"),
    scan("shell-1", "agent-a"),
  ]);
const expected = [[22, 53], [22, 53, 223], [22, published], [22], [22, 222, published]];

/** A port that is open may be slow to answer on a busy machine; what is closed stays so. */
const portsAre = (what: typeof expected) =>
  until("ports are as they should be", 90_000, async () => equal(await ports(), what)).catch(async () =>
    expect(await ports()).toEqual(what),
  );
const equal = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

const bootOf = (host: string) => told(host, "awk '{ print $22 }' /proc/1/stat");
let firstBoot: string;

beforeAll(async () => {
  await fleet.open(Object.keys(hosts));
  for (const name of Object.keys(hosts)) address[name] = (await lab.host(name)).address;
  const own = (address["shell-1"] ?? "").replace(/\d+$/, "1");
  await told("agent-a", "touch /run/reboot-required");
  firstBoot = await bootOf("agent-a");
  await told("agent-b", "mkdir -p /etc/ufw; apt-get install -y -qq ufw >/dev/null; ufw allow 4444/tcp");
  await fleet.configure(hosts, { dnsClients: `["${own}"]`, loginAliases: "[claude]" });
  const { code, stdout, stderr } = await fleet.up();
  if (code !== 0) throw new Error(`pulumi up: ${stdout}${stderr}`);
  for (const name of Object.keys(hosts)) {
    const answers = `require("net").createServer((c) => c.on("error", () => {}).end("hello")).listen(3999, "0.0.0.0")`;
    await lab.exec(name, ["systemd-run", "/usr/local/lib/convocate/current/runtime/bin/node", "-e", answers]);
  }
});
afterAll(() => fleet.close());

test("an upgrade that asks for a restart gets one, once, before anything of ours runs there", async () => {
  expect(await bootOf("agent-a")).not.toBe(firstBoot);
  expect(await told("agent-a", "ls /run/reboot-required 2>&1 || true")).toMatch(/No such file/);
  expect(await told("agent-a", "ls /var/lib/convocate-provision/")).toMatch(/^upgraded$/m);
  expect(
    await told("agent-a", "date +%Z; unattended-upgrade --dry-run --debug 2>&1 | grep -i blacklist"),
  ).toMatch(/^UTC\n.*docker.*containerd.*runc/);
});

describe("names", () => {
  test("a session's is answered by the shell host within a second of its create, with no list open", async () => {
    const took: number[] = [];
    for (const name of ["one", "two", "three"]) {
      const answered = until("the name is answered", 20_000, async () =>
        /^\d/.test((await dig(`${name}-dns`))[0] ?? ""),
      ).then(() => Date.now());
      const made = await make(name, name === "three" ? "agent-b" : "agent-a", "--dns", `${name}-dns`);
      took.push((await answered) - made);
    }
    expect(await dig("one-dns")).toEqual([address["agent-a"]]);
    expect(await dig("three-dns")).toEqual([address["agent-b"]]);
    expect(Math.min(...took)).toBeLessThan(1000);
    console.log(`names were answered ${took.join(", ")} ms after their sessions' verb ended`);
  });

  test("and inside another session, on either agent, as the rest of the world's names are", async () => {
    for (const [agent, name] of [
      ["agent-a", "one"],
      ["agent-b", "three"],
    ] as const) {
      expect((await fleet.verb("restart", name)).code).toBe(0);
      const { stdout } = await inside(
        agent,
        name,
        `getent ahostsv4 two-dns.${domain}; getent ahostsv4 three-dns.${domain}`,
      );
      expect(stdout).toContain(`${address["agent-a"] ?? ""} `);
      expect(stdout).toContain(`${address["agent-b"] ?? ""} `);
      expect((await inside(agent, name, "grep -c . /etc/resolv.conf")).code).toBe(0);
      const own = await told(
        agent,
        "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -o 'https\\?://[^ ]*' | head -n 1",
      );
      const world = new URL(own).hostname;
      if ((await told(agent, `getent ahostsv4 ${world} || echo none`)) !== "none")
        expect((await inside(agent, name, `getent ahostsv4 ${world}`)).code).toBe(0);
    }
  });

  test("is gone with its session; others' and the hosts' own are never there", async () => {
    expect((await fleet.verb("rm", "two")).code).toBe(0);
    await until("the name is gone", 10_000, async () => (await dig("two-dns"))[0] === "ENOTFOUND");
    for (const name of ["agent-a", "shell-1", "localhost"]) expect(await dig(name)).toEqual(["ENOTFOUND"]);
  });

  test("without the shell host, only the fleet's names are missing, and they come back with it", async () => {
    await told("shell-1", "systemctl stop dnsmasq");
    expect((await inside("agent-a", "one", `getent ahostsv4 three-dns.${domain}`)).code).not.toBe(0);
    await told("agent-a", "getent ahostsv4 localhost; systemctl is-active dnsmasq convocate-agent");
    await told("shell-1", "systemctl start dnsmasq");
    await until("the name is answered inside", 20_000, async () =>
      (await inside("agent-a", "one", `getent ahostsv4 three-dns.${domain}`)).stdout.includes(
        address["agent-b"] ?? "?",
      ),
    );
  });
});

describe("ports", () => {
  test("each is open to whom it is for and to nobody else; what a session publishes too", async () => {
    await make(
      "server",
      "agent-a",
      "--port",
      String(published),
      "--command",
      `"${answering.replace(/["$\\]/g, "\\$&")}"`,
    );
    expect((await fleet.verb("restart", "server")).code).toBe(0);
    await until(
      "the session serves",
      20_000,
      async () => (await open("shell-1", "agent-a", [published])).length === 1,
    );
    await portsAre(expected);
    expect(
      (
        await inside(
          "agent-b",
          "three",
          `timeout 3 bash -c 'exec 3<>/dev/tcp/${address["agent-a"] ?? ""}/${String(published)}'`,
        )
      ).code,
    ).not.toBe(0);
  });

  test("an administrator's own rule stays", async () => {
    expect(await told("agent-b", "ufw show added")).toMatch(/^ufw allow 4444\/tcp$/m);
    expect(await told("agent-b", "ufw status verbose")).toMatch(/Default: deny \(incoming\)/);
  });

  test("and after the engine's restart and a reload of the firewall", async () => {
    await told("agent-a", "systemctl restart docker; ufw reload");
    await until(
      "the session serves",
      20_000,
      async () => (await open("shell-1", "agent-a", [published])).length === 1,
    );
    await portsAre(expected);
  });
});

test("another name for the login is a login", async () => {
  const { code, stdout } = await lab.ssh("shell-1", "ls --json", { user: "claude" });
  expect(code).toBe(0);
  expect(stdout).toContain("three-dns");
  expect(await told("agent-a", "getent passwd convocate")).toMatch(/:\/usr\/sbin\/nologin$/);
  expect(await told("shell-1", "id -nG convocate")).toBe("convocate");
});

test("images that nobody needs go; the current one, the one before and those in use stay", async () => {
  const current = await told("agent-a", "cat /etc/convocate-agent/current-image");
  await told(
    "agent-a",
    `for tag in before used idle; do printf 'FROM ${current}\\nLABEL name=%s\\n' $tag | docker build -q -t convocate:$tag - ; done >/dev/null
     docker tag ${current} other:kept; docker create --name uses convocate:used true; docker tag convocate:idle convocate:again
     echo convocate:before >/etc/convocate-agent/previous-image; chmod 644 /etc/convocate-agent/previous-image`,
  );
  await told("agent-a", "systemctl start convocate-prune");
  const left = await told("agent-a", "docker image ls --format '{{.Repository}}:{{.Tag}}' | sort");
  expect(left.split("\n")).toEqual([current, "convocate:before", "convocate:used", "other:kept"].sort());
  expect(
    await told(
      "agent-a",
      "systemctl is-enabled convocate-prune.timer; systemctl is-active convocate-prune.timer",
    ),
  ).toBe("enabled\nactive");
  await told("agent-a", "docker rm uses");
});

test("after a restart of every host all is back, and what ran runs", async () => {
  const before = await bootOf("agent-a");
  await Promise.all(Object.keys(hosts).map((name) => lab.exec(name, ["systemctl", "reboot"])));
  await until("another boot", 180_000, async () => (await bootOf("agent-a").catch(() => before)) !== before);
  await until("all sessions that ran run", 120_000, async () => {
    const states = await fleet.sessions().catch(() => []);
    const running = states
      .filter((session) => session["state"] === "running")
      .map((session) => session["name"]);
    return ["one", "three", "server"].every((name) => running.includes(name));
  });
  await until("names are answered", 30_000, async () => (await dig("three-dns"))[0] === address["agent-b"]);
  await until(
    "the session serves",
    30_000,
    async () => (await open("shell-1", "agent-a", [published])).length === 1,
  );
  expect((await inside("agent-a", "one", `getent ahostsv4 three-dns.${domain}`)).stdout).toContain(
    address["agent-b"],
  );
  for (const name of Object.keys(hosts))
    await lab.exec(name, [
      "systemd-run",
      "/usr/local/lib/convocate/current/runtime/bin/node",
      "-e",
      `require("net").createServer((c) => c.on("error", () => {}).end("hello")).listen(3999, "0.0.0.0")`,
    ]);
  await portsAre(expected);
});

test("a second pulumi up changes nothing", async () => {
  const { code, stdout } = await fleet.up();
  expect(code).toBe(0);
  expect(stdout).toMatch(/Resources:\s+\d+ unchanged\s+Duration/);
});

test("an agent that leaves is let in no more", async () => {
  await told("agent-b", "docker ps -q | xargs -r docker kill");
  await until("nothing runs there", 20_000, async () =>
    (await fleet.sessions()).every(
      (session) => session["host"] !== "agent-b" || session["state"] === "stopped",
    ),
  );
  await fleet.configure({ "shell-1": hosts["shell-1"], "agent-a": hosts["agent-a"] });
  expect((await fleet.up()).code).toBe(0);
  expect(await open("agent-b", "shell-1", [22, 53, 223])).toEqual([22]);
  expect(await open("agent-a", "shell-1", [22, 53, 223])).toEqual([22, 53, 223]);
  expect(await told("shell-1", "getent passwd claude || echo none")).toBe("none");
});
