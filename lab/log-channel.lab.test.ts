/** The log channel on real hosts: what an agent writes arrives, and what others claim does not. The tests build on each other. */
import { until } from "./command.ts";
import { linesOf, told as toldBy, writeLines } from "./log-lines.ts";
import { TestFleet } from "./test-fleet.ts";

jest.setTimeout(400_000);

const fleet = new TestFleet("logs");
const { lab } = fleet;
const hosts = {
  "shell-1": "{ role: shell }",
  "agent-a": "{ role: agent, shell: shell-1, agentId: a }",
  "agent-b": "{ role: agent, shell: shell-1, agentId: b }",
};
const told = (host: string, line: string) => toldBy(lab, host, line);
const logs = "/var/log/convocate-agent";
const logOf = (file: string) => told("shell-1", `cat ${logs}/${file}.log 2>/dev/null || true`);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

/** Writes lines on an agent's host and waits until each is on the shell host, once. */
async function arrive(agent: string, id: string, label: string, count: number): Promise<void> {
  await writeLines(lab, agent, { label, count });
  await arrived(id, label, count);
}
async function arrived(id: string, label: string, count: number, withinMs = 60_000): Promise<void> {
  await until(
    `all lines of ${label} arrived`,
    withinMs,
    async () => (await linesOf(lab, "shell-1", id, label)).length >= count,
  );
  expect(await linesOf(lab, "shell-1", id, label)).toEqual(numbers(count));
}

const tls = "/etc/convocate-agent/rsyslog-tls";
const own = `-cert ${tls}/cert.pem -key ${tls}/key.pem`;
let server: string;

/** Sends a line to the log channel by hand; returns what openssl says about it. */
async function send(host: string, line: string, options: string): Promise<string> {
  const command = `(echo '${line}'; sleep 1) | timeout 10 openssl s_client -connect ${server}:514 ${options} 2>&1`;
  return (await lab.exec(host, ["bash", "-c", command], { timeoutMs: 30_000 })).stdout;
}
const claim = (text: string) => `<14>1 2026-01-01T00:00:00Z agent-b b 1 - - ${text}`;
const rsyslogs = () =>
  Promise.all(Object.keys(hosts).map((host) => told(host, "systemctl show -p MainPID --value rsyslog")));

beforeAll(async () => {
  await fleet.open(Object.keys(hosts));
  server = (await lab.host("shell-1")).address;
  await fleet.configure(hosts);
  const { code, stdout, stderr } = await fleet.up();
  if (code !== 0) throw new Error(`pulumi up: ${stdout}${stderr}`);
});
afterAll(() => fleet.close());

test("what an agent writes is in its file on the shell host; what others write in its name is not", async () => {
  await Promise.all([arrive("agent-a", "a", "first", 10), arrive("agent-b", "b", "first", 10)]);
  await told("agent-a", "logger -t convocate-agent forged by a neighbour");
  await arrive("agent-a", "a", "after", 1);
  expect(await logOf("a")).not.toContain("forged");
  expect(await logOf("a")).toMatch(/^\S+T\S+ convocate-agent\[\d+\]:? \{.*"msg":"agent listens"/m);
});

test("the user convocate reads logs and certificates, and no key", async () => {
  const asUser = (line: string) =>
    lab.exec("shell-1", ["runuser", "-u", "convocate", "--", "bash", "-c", line]);
  const ca = "/etc/convocate/rsyslog-ca";
  expect((await asUser(`cat ${logs}/a.log ${ca}/ca.pem ${ca}/server.pem >/dev/null`)).code).toBe(0);
  expect((await asUser(`cat ${ca}/server-key.pem`)).code).not.toBe(0);
  expect((await lab.exec("agent-a", ["runuser", "-u", "convocate", "cat", `${tls}/key.pem`])).code).not.toBe(
    0,
  );
  const doctor: unknown = JSON.parse((await fleet.verb("doctor", "--json")).stdout);
  expect(JSON.stringify(doctor)).toMatch(/rsyslog-ca\/ca\.pem is good for \d+ days/);
  expect(JSON.stringify(doctor)).toMatch(/rsyslog-ca\/server\.pem is good for 3\d\d days/);
});

test("an agent that says it is another writes into its own file", async () => {
  await send("agent-a", claim("from a as b"), own);
  await until("the line is filed", 20_000, async () => (await logOf("a")).includes("from a as b"));
  await send("agent-a", claim("\u001b[2J and a bell"), own);
  await until("it is filed", 20_000, async () => (await logOf("a")).includes("#033[2J and a bell"));
  expect(await logOf("b")).not.toMatch(/from a as b|bell/);
});

test("a valid certificate from an address that no agent has writes into nobody's file", async () => {
  await told("shell-1", `mkdir -p /run/stolen && chmod 700 /run/stolen`);
  for (const file of ["cert.pem", "key.pem"]) {
    const { stdout } = await lab.exec("agent-a", ["cat", `${tls}/${file}`]);
    await lab.exec("shell-1", ["sh", "-c", `cat >/run/stolen/${file}`], { stdin: stdout });
  }
  await send("shell-1", claim("from nowhere"), own.replaceAll(tls, "/run/stolen"));
  await until("the line is filed", 20_000, async () => (await logOf("unknown")).includes("from nowhere"));
  expect((await logOf("a")) + (await logOf("b"))).not.toContain("from nowhere");
});

test("who has no certificate, another authority's, an old TLS or a weak cipher is refused", async () => {
  await told(
    "agent-a",
    `mkdir -p /run/forged && cd /run/forged && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=a -addext subjectAltName=DNS:a -addext extendedKeyUsage=clientAuth -days 1 2>/dev/null`,
  );
  const forged = own.replaceAll(tls, "/run/forged");
  const line = claim("refused");
  for (const stranger of ["", "-tls1_2", forged, `-tls1_2 ${forged}`]) await send("agent-a", line, stranger);
  const old = ["-tls1", "-tls1_1"].map((version) => `${version} -cipher DEFAULT@SECLEVEL=0`);
  const weak = ["ALL:!AESGCM:!CHACHA20", "NULL", "kRSA:DHE"].map((c) => `-tls1_2 -cipher '${c}:@SECLEVEL=0'`);
  for (const options of [...old, ...weak])
    expect(await send("agent-a", line, `${options} ${own}`)).toContain("Cipher is (NONE)");
  // The same by the doors that are open: had these been shut, the tests above would have shown nothing.
  for (const good of ["-tls1_2", "-tls1_3"])
    expect(await send("agent-a", claim(`accepted${good}`), `${good} ${own}`)).toMatch(
      /Cipher is \S*(GCM|CHACHA)/,
    );
  await until("these are filed", 20_000, async () =>
    /accepted-tls1_2[^]*accepted-tls1_3/.test(await logOf("a")),
  );
  expect(await told("shell-1", `grep -l refused ${logs}/* || true`)).toBe("");
});

test("the server is known by its name and authority: to another one an agent sends nothing", async () => {
  expect(
    await send(
      "agent-a",
      claim("verified"),
      `${own} -CAfile ${tls}/ca.pem -verify_return_error -verify_hostname logs.test.internal`,
    ),
  ).toContain("Verify return code: 0 (ok)");
  expect(await told("agent-a", "cat /etc/rsyslog.d/10-convocate-client.conf")).toMatch(
    /AuthMode="x509\/name" streamDriverPermittedPeers="logs\.test\.internal"/,
  );
});

test("a cut loses no line", async () => {
  await lab.cut("agent-b");
  await writeLines(lab, "agent-b", { label: "cut", count: 1000 });
  // Long enough for the sender to notice; what is not sent waits.
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  expect(await linesOf(lab, "shell-1", "b", "cut")).toEqual([]);
  await lab.heal("agent-b");
  await arrived("b", "cut", 1000, 120_000);
});

test("a restart of the agent host's own rsyslog, and of the journal's reader, loses no line", async () => {
  await told("agent-b", "systemctl stop rsyslog syslog.socket");
  await writeLines(lab, "agent-b", { label: "stopped", count: 100 });
  await told("agent-b", "systemctl start rsyslog");
  await arrived("b", "stopped", 100);
});

test("logs are rotated, and rsyslog goes on in a new file", async () => {
  await told("shell-1", "logrotate -f /etc/logrotate.d/convocate-agent");
  expect(await told("shell-1", `zgrep -c 'first 10' ${logs}/a.log.1.gz`)).toBe("1");
  await arrive("agent-a", "a", "rotated", 5);
  expect(await logOf("a")).not.toContain("first 10");
});

test("a file that grows too large in between is rotated at once", async () => {
  // What others write into it, rsyslog sees when it opens it again.
  await told(
    "shell-1",
    `head -c 70000000 /dev/zero | tr '\\0' x >>${logs}/b.log; systemctl kill -s HUP rsyslog`,
  );
  await until("the file is rotated", 60_000, async () => {
    await writeLines(lab, "agent-b", { label: "large", count: 5 });
    return Number(await told("shell-1", `stat -c %s ${logs}/b.log`)) < 1_000_000;
  });
  const bytes = async () => Number(await told("shell-1", `zcat ${logs}/b.log.1.gz 2>/dev/null | wc -c`));
  await until("the old one is compressed", 60_000, async () => (await bytes()) > 70_000_000);
});

test("a second pulumi up changes nothing, and no rsyslog starts anew", async () => {
  const before = await rsyslogs();
  const { code, stdout } = await fleet.up();
  expect(code).toBe(0);
  expect(stdout).toMatch(/Resources:\s+\d+ unchanged\s+Duration/);
  expect(await rsyslogs()).toEqual(before);
});

test("another authority: the old one stays trusted, everybody has certificates of the new one, and lines arrive", async () => {
  await fleet.configure(
    { "shell-1": hosts["shell-1"], "agent-b": hosts["agent-b"] },
    { logAuthorityEpoch: "2" },
  );
  const { code, stdout, stderr } = await fleet.up();
  expect({ code, failed: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, failed: "" });
  expect(
    await told("agent-b", `grep -c BEGIN ${tls}/ca.pem; openssl x509 -noout -issuer -in ${tls}/cert.pem`),
  ).toMatch(/^2\n.*log authority-2 of test\.internal/);
  // An agent left, and the collector was restarted: what is written on a connection that just ended is lost, as syslog over
  // TCP acknowledges nothing. On the next one it arrives.
  await until("the agent has a connection again", 60_000, async () => {
    await writeLines(lab, "agent-b", { label: "probe", count: 1 });
    return (await linesOf(lab, "shell-1", "b", "probe")).length > 0;
  });
  await arrive("agent-b", "b", "anew", 10);
});

test("an agent that left is refused, though its certificate is good and its authority trusted", async () => {
  const before = await logOf("unknown");
  // More than once: some ways to check a name do it only when the handshake comes in few pieces.
  for (const version of ["-tls1_2", "-tls1_2", "-tls1_2", "-tls1_3", "-tls1_3", "-tls1_3"])
    await send("shell-1", claim("from one that left"), `${version} ${own.replaceAll(tls, "/run/stolen")}`);
  await arrive("agent-b", "b", "end", 1);
  expect(await logOf("unknown")).toBe(before);
  expect(
    await told("shell-1", "cat /etc/convocate/log-agents.json; ls /etc/convocate/log-peers"),
  ).not.toMatch(/"a"|^a$/m);
});
