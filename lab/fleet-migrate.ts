/** Sessions that move between hosts, by migrate-session: a part of the fleet's end-to-end test, with agent-a and agent-b. */
import { must, until } from "./command.ts";
import type { Stage } from "./fleet-trust.ts";

const nasty = `set -e
mkdir -p 'a b/ü' empty; printf 'hello\\n' >'a b/ü/file'; ln 'a b/ü/file' hard; ln -s /etc/passwd link
dd if=/dev/zero of=sparse bs=1 count=1 seek=64M status=none; chmod 2750 empty; mkfifo pipe
printf x >"$(printf 'new\\nline')"; printf root >roots; chown 0:0 roots; chmod 4755 roots; chown 1337:1337 'a b' hard
touch -d '2001-02-03 04:05:06.789' 'a b/ü/file'
perl -e '$p = "hard"; $n = "user.note"; $v = "kept"; syscall(188, $p, $n, $v, 4, 0)'`;

/** What a session's own user may leave; no set-user-ID bits: an adoption does not bring them along. */
const plain = `set -e; mkdir -m 700 "$1"; mkdir "$1/data"; cd "$1/data"
mkdir -p 'a b/ü' empty; printf 'hello\\n' >'a b/ü/file'; ln 'a b/ü/file' hard; ln -s /etc/passwd link
dd if=/dev/zero of=sparse bs=1 count=1 seek=64M status=none; chmod 711 empty; mkfifo pipe; printf x >run; chmod 755 run
touch -d '2001-02-03 04:05:06.789' 'a b/ü/file'
perl -e '$p = "hard"; $n = "user.note"; $v = "kept"; syscall(188, $p, $n, $v, 4, 0)'`;

/** Everything that can be seen of a tree from outside, as one sum. */
const tree = `cd "$1" && {
find . -type d -printf 'd %P %m %U %G %T@\\n' -o -printf '%y %P %m %U %G %n %l %s %T@\\n' | LC_ALL=C sort
find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
perl -e '$p = "hard"; $n = "user.note"; $v = "\\0" x 4; syscall(191, $p, $n, $v, 4); print $v'
} | sha256sum; du -s --block-size=1M "$1" | cut -f1`;

export function migrate({ fleet, find, becomes }: Stage): void {
  const { lab } = fleet;
  const home = (uuid: string) => `/home/convocate/${uuid}`;
  const onHost = async (host: string, script: string, ...args: string[]) =>
    must(["docker", "exec", lab.container(host), "sh", "-c", script, "sh", ...args]);
  const sum = (host: string, uuid: string) => onHost(host, tree, home(uuid));
  const uuidOf = async (name: string) => String((await find(name))?.["uuid"]);
  const move = (session: string, agent: string, ...more: string[]) =>
    fleet.host("migrate-session", "--session", session, "--agent", agent, ...more);
  /** What of a session is on a host, by name. */
  const traces = async (host: string, uuid: string) =>
    (
      await onHost(
        host,
        `ls -A /home/convocate /var/lib/convocate-agent/sessions 2>/dev/null | grep "$1" || true`,
        uuid,
      )
    ).trim();

  let uuid = "";
  test("a session runs on A: it is not moved, and stays as it is", async () => {
    expect(
      (await fleet.verb("new", "traveller", "--agent", "agent-a", "--port", "8080", "--dns-name", "trav"))
        .code,
    ).toBe(0);
    expect((await fleet.verb("restart", "traveller")).code).toBe(0);
    uuid = await uuidOf("traveller");
    const { code, stderr } = await move("traveller", "agent-b");
    expect(stderr).toMatch(/the session runs on agent-a\n.*Kill it first/);
    expect(code).toBe(4);
    expect(await traces("agent-b", uuid)).toBe("");
    expect((await fleet.verb("kill", "traveller")).code).toBe(0);
  });

  test("moved to B it has the same bytes, links, holes, owners, times, attributes and metadata; it starts there and is gone from A", async () => {
    await onHost("agent-a", `cd "$1" && ${nasty}`, home(uuid));
    const before = await sum("agent-a", uuid);
    const { code, stdout, stderr } = await move("traveller", "agent-b");
    expect(stderr).toMatch(/copying [\d.]+ of about [\d.]+ MiB, [\d.]+ MiB\/s/);
    expect(stdout).toMatch(
      new RegExp(`^moved ${uuid} from agent-a to agent-b: [\\d.]+ MiB, SHA-256 [0-9a-f]{64}\\n$`),
    );
    expect(code).toBe(0);
    expect(await sum("agent-b", uuid)).toBe(before);
    expect(await find("traveller")).toMatchObject({ uuid, host: "agent-b", port: 8080, dns_name: "trav" });
    expect((await fleet.verb("restart", "traveller")).code).toBe(0);
    await becomes("traveller", "running", 20_000);
    expect(await traces("agent-a", uuid)).toBe("");
    expect((await fleet.verb("kill", "traveller")).code).toBe(0);
  });

  test("refused with the remedy: a taken port, a taken UUID, an unknown session, an unknown agent, the agent it is on", async () => {
    expect((await fleet.verb("new", "settled", "--agent", "agent-a", "--port", "8080")).code).toBe(0);
    const port = await move("traveller", "agent-a");
    expect(port.stderr).toMatch(/port 8080\/tcp belongs to session "settled" on agent-a\n.*--port none/);
    await onHost("agent-a", 'mkdir "$1"', home(uuid));
    const taken = await move("traveller", "agent-a", "--port", "none");
    expect(taken.stderr).toContain(`agent-a has a session with UUID ${uuid} already`);
    await onHost("agent-a", 'rmdir "$1"', home(uuid));
    const codes = [
      port.code,
      taken.code,
      (await move("nobody", "agent-b")).code,
      (await move("traveller", "nowhere")).code,
      (await move("traveller", "agent-b")).code,
    ];
    expect(codes).toEqual([4, 4, 3, 3, 4]);
    expect(await find("traveller")).toMatchObject({ host: "agent-b", state: "stopped" });
  });

  test("moved back with another port, its files kept under another name at the source", async () => {
    const before = await sum("agent-b", uuid);
    const { code } = await move(uuid, "agent-a", "--port", "8081", "--keep-source");
    expect(code).toBe(0);
    expect(await find("traveller")).toMatchObject({ host: "agent-a", port: 8081, dns_name: "trav" });
    expect(await sum("agent-a", uuid)).toBe(before);
    expect(await traces("agent-b", uuid)).toBe(`.kept-${uuid}\n${uuid}.kept`);
    await onHost(
      "agent-b",
      'rm -rf "/home/convocate/.kept-$1" "/var/lib/convocate-agent/sessions/$1.kept"',
      uuid,
    );
  });

  /** The list shows it as an orphan, with its size. */
  const orphaned = (name: string) =>
    until(`${name} is listed as an orphan`, 30_000, async () => {
      const listed = await find(name);
      return listed?.["state"] === "orphan" && Number(listed["size_bytes"]) > 0;
    });

  test("an orphan on the shell host is listed, adopted by an operator over the fleet's own wire with the same bytes, and starts there", async () => {
    const orphan = "0a0b0c0d-1111-4222-8333-444455556677";
    await onHost("shell-1", 'runuser -u convocate -- sh -c "$2" sh "$1"', home(orphan), plain);
    await orphaned("recovered-0a0b0c0d");
    const before = await sum("shell-1", `${orphan}/data`);
    const { code, stdout } = await fleet.verb(
      "adopt",
      orphan,
      "--agent",
      "agent-b",
      "--name",
      "found",
      "--json",
    );
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { uuid: orphan, name: "found", host: "agent-b" }]);
    expect(await sum("agent-b", `${orphan}/data`)).toBe(before);
    expect(await traces("shell-1", orphan)).toBe("");
    expect(await traces("agent-b", orphan)).toBe(`${orphan}\n${orphan}.json`);
    expect((await fleet.verb("restart", "found")).code).toBe(0);
    await becomes("found", "running", 20_000);
    expect((await fleet.verb("rm", "found")).code).toBe(0);
  });

  test("an orphan on the shell host becomes a session; what its own root wrote into its copy grants it nothing", async () => {
    const orphan = "0a0b0c0d-1111-4222-8333-444455556666";
    const copy = {
      uuid: orphan,
      name: "orphan",
      port: 9090,
      protocol: "tcp",
      limits: { pids: 1e9 },
      mounts: ["/"],
    };
    await onHost(
      "shell-1",
      'mkdir "$1" && printf "%s" "$2" >"$1/session.json" && echo kept >"$1/file"',
      home(orphan),
      JSON.stringify(copy),
    );
    // What only root may read is not the operators' to move, nor theirs to remove.
    await onHost("shell-1", 'echo roots >"$1/roots" && chmod 600 "$1/roots"', home(orphan));
    await orphaned("orphan");
    const { code, stderr } = await fleet.verb("adopt", "orphan", "--agent", "agent-b");
    expect(stderr).toMatch(/only root may read: `convocate-host migrate-session --session 0a0b.* --from /);
    expect(code).toBe(4);
    expect(await traces("agent-b", orphan)).toBe("");
    expect((await move(orphan, "agent-b")).code).toBe(3);
    expect((await move(orphan, "agent-b", "--from", "shell-1")).code).toBe(0);
    expect(await find("orphan")).toMatchObject({ uuid: orphan, host: "agent-b", port: 9090 });
    expect(
      await onHost(
        "agent-b",
        'cat "$1/file"; grep -c limits /var/lib/convocate-agent/sessions/"$2".json || true',
        home(orphan),
        orphan,
      ),
    ).toBe("kept\n0");
    await until("its files are removed", 20_000, async () => (await traces("shell-1", orphan)) === "");
    for (const name of ["orphan", "traveller", "settled"])
      expect((await fleet.verb("rm", name)).code).toBe(0);
  });
}
