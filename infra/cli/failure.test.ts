import { exitOf, readFailure } from "./failure.ts";

const script = `Process exited with status 1: running "sudo -n bash --norc -s":
step "install packages" of install failed on agent-a; the end of its log (/var/log/convocate-provision.log):
==> install packages
E: Unable to locate package nonsense
`;

test("a script's report: host, step, cause, the end of its log, what to do", () => {
  expect(readFailure("agent-a", "install", script)).toEqual({
    type: "failure",
    host: "agent-a",
    step: "install",
    cause: '"install packages" failed: E: Unable to locate package nonsense',
    remedy: "Correct what the log of agent-a says, and run this again: it goes on where it stopped.",
    exit: 1,
    log: ["==> install packages", "E: Unable to locate package nonsense"],
  });
});

test("a command that fails without a word is told as that", () => {
  const { cause } = readFailure(
    "agent-a",
    "install",
    script.replace("E: Unable to locate package nonsense\n", ""),
  );
  expect(cause).toBe('"install packages" failed without a word');
});

test.each<[string, number, RegExp]>([
  ["after 10 failed attempts: ssh: handshake failed: ssh: host key mismatch", 5, /trust agent-a --replace/],
  [
    "after 10 failed attempts: ssh: handshake failed: ssh: unable to authenticate, no supported methods remain",
    5,
    /`privateKeyFile` of agent-a/,
  ],
  [
    "after 12 failed attempts: dial tcp 10.0.0.9:22: connect: connection refused",
    5,
    /address, port and network/,
  ],
  ["after 12 failed attempts: dial tcp 10.0.0.9:22: i/o timeout", 5, /address, port and network/],
  [
    'Process exited with status 1: running "exec node infra/image/push.ts":\n10.0.0.9: Timed out while waiting for handshake',
    5,
    /address, port and network/,
  ],
  [
    'Process exited with status 1: running "exec node infra/reboot/main.ts":\n10.0.0.9: connect ECONNREFUSED 10.0.0.9:22',
    5,
    /address, port and network/,
  ],
  [
    'Process exited with status 75: running "sudo -n flock --close -w 1500 -E 75 /run/convocate-provision.lock bash --norc -s":',
    1,
    /An earlier run still works on agent-a/,
  ],
  ['connection lost while running "sudo -n bash --norc -s": ', 5, /goes on where it stopped/],
  [
    `Process exited with status 1: running "sudo -n bash --norc -s":\nsudo: a password is required\n`,
    1,
    /without a password/,
  ],
  [
    `Process exited with status 127: running "sudo -n bash --norc -s":\nbash: line 1: sudo: command not found\n`,
    1,
    /Install sudo on agent-a/,
  ],
  [
    'Process exited with status 1: running "x":\nstep "ask agent-a to retire" of registration (deregister) failed on shell-1; the end of its log (/l):\nagent-a stays in the fleet: 2 sessions run: put it back\n',
    4,
    /sessions still run/,
  ],
  [
    'Process exited with status 1: running "exec node infra/image/push.ts":\nError: 10.0.0.9: the image needs 1.0 GB of disk below /var/lib/docker, 0.0 GB are free: free some',
    1,
    /Free space on agent-a/,
  ],
  [
    "Resource 'urn:pulumi:test::convocate::command:remote:Command::agent-a-registration' will be destroyed but was not specified in --target list.\nEither include resource",
    4,
    /If agent-a left the stack file, .*update --all/,
  ],
  ["copying /x/dist/app.tar.gz to .convocate/app.tar.gz: Failure", 1, /room in its home on agent-a/],
  ["No response from server", 5, /address, port and network/],
  ["something nobody has seen", 1, /Correct the cause/],
  ["", 1, /Correct the cause/],
])("%s", (message, exit, remedy) => {
  const failure = readFailure("agent-a", "install", message);
  expect(failure.exit).toBe(exit);
  expect(failure.remedy).toMatch(remedy);
  expect(failure.cause).not.toBe("");
});

test("sudo's refusal is told as the reason, not our command line", () => {
  const { cause } = readFailure(
    "a",
    "install",
    `Process exited with status 1: running "sudo -n bash":\nsudo: a password is required\n`,
  );
  expect(cause).toBe("Process exited with status 1: sudo: a password is required");
});

test("what a host printed cannot drive the operator's terminal", () => {
  const { log } = readFailure("a", "install", `${script}\x1b]0;gotcha\x07 \u202egnp.exe \x9b2J\r`);
  expect(log.at(-1)).toBe(" ]0;gotcha   gnp.exe  2J ");
});

test("a long log is cut to its end", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${String(i)}`).join("\n");
  expect(readFailure("a", "install", `${script}${lines}`).log).toHaveLength(20);
});

test("the exit status is that of the failures when they agree, else 1", () => {
  const of = (...exits: number[]) => exitOf(exits.map((exit) => ({ ...readFailure(null, null, "x"), exit })));
  expect([of(), of(5), of(5, 5), of(4), of(5, 1), of(4, 5)]).toEqual([0, 5, 5, 4, 1, 1]);
});
