import { agentConfig } from "../../protocol/config.ts";
import { containerSpec, type SpecInput } from "./container-spec.ts";
import { sample, uuid } from "./scratch-folder.fake.ts";

const spec = (more: Partial<SpecInput> = {}, session: Record<string, unknown> = {}) =>
  containerSpec({
    session: sample(1, session),
    agentId: "agent-a",
    home: `/home/convocate/${uuid(1)}`,
    image: "convocate:1",
    config: agentConfig.parse({ command: "claude" }),
    limits: { memory_bytes: 1024, pids: 10 },
    token: null,
    uid: 1337,
    gid: 1338,
    cgroupDriver: "systemd",
    sharedMounts: ["/home/convocate/.claude:/home/convocate/.claude-shared:ro"],
    ...more,
  });

test("the container of a session, as spec/3 tells it", () => {
  expect(spec()).toEqual({
    name: `convocate-session-${uuid(1)}`,
    hostname: "convocate-00000000",
    image: "convocate:1",
    command: ["bash", "-lc", "claude"],
    env: { CONVOCATE_UID: "1337", CONVOCATE_GID: "1338" },
    labels: { "convocate.session": uuid(1), "convocate.agent": "agent-a" },
    binds: [
      `/home/convocate/${uuid(1)}:/home/convocate`,
      "/home/convocate/.claude:/home/convocate/.claude-shared:ro",
    ],
    workingDir: "/home/convocate",
    cgroupParent: "convocate-sessions.slice",
    network: "convocate",
    dns: [],
    ports: [],
    memoryBytes: 1024,
    cpus: null,
    pids: 10,
    capDrop: ["ALL"],
    capAdd: [
      ...["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETFCAP"],
      ...["AUDIT_WRITE", "NET_BIND_SERVICE", "SYS_CHROOT"],
    ],
  });
});

test("a command of the session's own wins; what was not limited is not", () => {
  expect(spec({ limits: { cpus: 1.5 } }, { command: "bash" })).toMatchObject({
    command: ["bash", "-lc", "bash"],
    memoryBytes: null,
    pids: null,
    cpus: 1.5,
  });
});

test("what the host's configuration names reaches the container: name servers, address, token, seed", () => {
  const config = agentConfig.parse({ command: "claude", dns: ["172.18.0.1"], publish_address: "10.0.0.2" });
  const seed = { repo: "https://git.example/team/app.git", branch: "main", setup: "make" };
  expect(spec({ config, token: "secret" }, { port: 80, ...seed })).toMatchObject({
    dns: ["172.18.0.1"],
    ports: [{ port: 80, protocol: "tcp", address: "10.0.0.2" }],
    env: {
      CLAUDE_CODE_OAUTH_TOKEN: "secret",
      CONVOCATE_REPO: "https://git.example/team/app.git",
      CONVOCATE_FOLDER: "app",
      CONVOCATE_BRANCH: "main",
      CONVOCATE_SETUP: "make",
    },
  });
});

test("a transcript is kept where the host's configuration says so", () => {
  const config = agentConfig.parse({ command: "claude", transcript: true });
  expect(spec({ config }).env).toMatchObject({ CONVOCATE_TRANSCRIPT: "1" });
  expect(spec().env).not.toHaveProperty("CONVOCATE_TRANSCRIPT");
});

test("cgroupfs wants the slice from the root", () => {
  expect(spec({ cgroupDriver: "cgroupfs" }).cgroupParent).toBe("/convocate-sessions.slice");
});

test.each([
  [{ port: 53, protocol: "udp" }, [{ port: 53, protocol: "udp" }]],
  [{ port: 80 }, [{ port: 80, protocol: "tcp" }]],
  [{ port: 80, protocol: "from a v2 home" }, [{ port: 80, protocol: "tcp" }]],
  [{ port: 0 }, []],
])("%j publishes %j", (session, ports) => {
  expect(spec({}, session).ports).toEqual(ports);
});
