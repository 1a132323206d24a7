/** The one wire error: text for the operator, code for programs, exit status for scripts. */
export class ConvocateError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConvocateError";
    this.code = code;
  }
}

/** Exit statuses of every verb (spec/5 "Verbs"). */
export const exitStatus = { ok: 0, failed: 1, usage: 2, notFound: 3, refused: 4, unreachable: 5 } as const;

interface ErrorRow {
  /** When it happens. */
  when: string;
  exit: (typeof exitStatus)[keyof typeof exitStatus];
  /** What the operator can do. */
  remedy: string;
}

/** Every error code, when it happens, its exit status and what to do. docs/reference/errors.md is generated from it. */
export const errorTable = {
  malformed_request: {
    when: "a request is not a JSON object with an op",
    exit: 1,
    remedy: "Upgrade the client.",
  },
  unknown_op: { when: "the agent does not know the operation", exit: 1, remedy: "Upgrade the agent." },
  bad_params: {
    when: "a parameter has the wrong name or type",
    exit: 2,
    remedy: "Correct the parameter named.",
  },
  request_too_large: { when: "a request is over 1 MiB", exit: 1, remedy: "Send less." },
  not_found: { when: "no session or agent has that name or id", exit: 3, remedy: "See `convocate ls`." },
  ambiguous: {
    when: "a name or UUID prefix fits several sessions",
    exit: 2,
    remedy: "Give more of the UUID.",
  },
  locked: {
    when: "another operation works on the session",
    exit: 4,
    remedy: "Wait, or override a stale lock.",
  },
  not_locked: { when: "override of a session without a lock", exit: 4, remedy: "Nothing to do." },
  in_use: { when: "override while the lock's process lives", exit: 4, remedy: "Wait for that process." },
  already_running: { when: "restart of a running session", exit: 4, remedy: "Kill it first." },
  running: {
    when: "clone of a running session: its copy would be of no one moment",
    exit: 4,
    remedy: "Kill it first.",
  },
  copy_failed: {
    when: "a home could not be copied whole",
    exit: 1,
    remedy: "See the reason: nothing was made.",
  },
  uuid_taken: {
    when: "an orphan has the UUID of a session that an agent has",
    exit: 4,
    remedy: "Remove the one of the two that you do not want.",
  },
  not_readable: {
    when: "an orphan holds what only root may read",
    exit: 4,
    remedy: "Move it as root: `convocate-host migrate-session --from SHELL-HOST`.",
  },
  home_missing: {
    when: "a session's home is not on its agent",
    exit: 1,
    remedy: "Mount or restore it on the host, or delete the session.",
  },
  sessions_running: {
    when: "an agent with running sessions is to retire",
    exit: 4,
    remedy: "Kill or move them, or retire by force.",
  },
  draining: {
    when: "the agent is being emptied before it leaves the fleet",
    exit: 4,
    remedy: "Use another agent, or take `drain` from its host in the stack file and run `pulumi up`.",
  },
  retired: { when: "the agent was taken out of the fleet", exit: 4, remedy: "Use another agent." },
  ending: { when: "the agent is being stopped", exit: 5, remedy: "Try again in a moment." },
  not_permitted: { when: "the operation is not for this key", exit: 4, remedy: "Run it on the shell host." },
  dns_name_taken: { when: "another session has the DNS name", exit: 4, remedy: "Choose another name." },
  port_taken: {
    when: "another session has the port",
    exit: 4,
    remedy: "Choose another port, or -1 for a free one.",
  },
  port_invalid: {
    when: "a port is outside -1…65535",
    exit: 2,
    remedy: "0 is none, -1 is the first free one.",
  },
  no_port: { when: "every port from 1001 up is taken", exit: 4, remedy: "Delete a session that has one." },
  protocol_invalid: { when: "a protocol is neither tcp nor udp", exit: 2, remedy: "Use tcp or udp." },
  name_invalid: {
    when: "a session name breaks the rules",
    exit: 2,
    remedy: "1-64 letters, digits, space, _ - .",
  },
  dns_name_invalid: {
    when: "a DNS name breaks RFC 1123",
    exit: 2,
    remedy: "Labels of a-z, 0-9 and -, up to 63.",
  },
  command_missing: {
    when: "a session's command is not on its agent",
    exit: 4,
    remedy: "Install it, or give another.",
  },
  admission_denied: {
    when: "the host has no room",
    exit: 4,
    remedy: "Stop a session, or use another agent.",
  },
  no_image: { when: "the agent has no current image", exit: 4, remedy: "Run `pulumi up` to deliver one." },
  engine: {
    when: "the Docker Engine refused or did not answer",
    exit: 1,
    remedy: "See the agent's journal.",
  },
  attach_failed: { when: "the terminal could not be attached", exit: 1, remedy: "See the agent's journal." },
  unreachable: {
    when: "the agent or shell host does not answer",
    exit: 5,
    remedy: "Check the host and its network.",
  },
  host_key_changed: {
    when: "a host shows another key than the pinned one",
    exit: 5,
    remedy: "Find out why before trusting it; `pulumi up` records a new pin.",
  },
  host_key_unpinned: { when: "no pin is recorded for a host", exit: 5, remedy: "`pulumi up` records one." },
  auth_refused: {
    when: "the other side refuses our key",
    exit: 5,
    remedy: "`pulumi up` delivers the peering keys.",
  },
  unhealthy: {
    when: "`doctor` found something that fails",
    exit: 1,
    remedy: "Each check that fails tells its remedy.",
  },
  usage: { when: "a command line is wrong", exit: 2, remedy: "See --help." },
  internal: { when: "a defect of ours", exit: 1, remedy: "Report it with the journal." },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorTable, value);
}

/** v2's error texts, kept to the letter (spec/2); ours have none of v2's words changed. */
export const errors = {
  malformed: (why: string) => new ConvocateError("malformed_request", `malformed request: ${why}`),
  unknownOp: (op: string) => new ConvocateError("unknown_op", `unknown op: ${JSON.stringify(op)}`),
  decodeParams: (why: string) => new ConvocateError("bad_params", `decode params: ${why}`),
  noSession: (id: string) => new ConvocateError("not_found", `session ${JSON.stringify(id)} does not exist`),
  locked: (id: string) => new ConvocateError("locked", `session "${id}" is currently locked (in use)`),
  notLocked: (id: string) => new ConvocateError("not_locked", `session "${id}" is not locked`),
  inUse: (id: string, pid: number) =>
    new ConvocateError("in_use", `session "${id}" is actively in use by process ${String(pid)}`),
  running: (name: string) =>
    new ConvocateError("running", `session ${JSON.stringify(name)} is running: kill it, then clone it`),
  alreadyRunning: (name: string) =>
    new ConvocateError("already_running", `session ${JSON.stringify(name)} already running`),
  dnsTaken: (name: string) =>
    new ConvocateError("dns_name_taken", `DNS name "${name}" is already assigned to another session`),
  portTaken: (port: number, protocol: string) =>
    new ConvocateError(
      "port_taken",
      `port ${String(port)}/${protocol} is already assigned to another session`,
    ),
  invalidPort: (port: number) => new ConvocateError("port_invalid", `invalid port: ${String(port)}`),
  noPort: () => new ConvocateError("no_port", "no available port at or above 1001"),
  badProtocol: (got: string) =>
    new ConvocateError("protocol_invalid", `protocol must be "tcp" or "udp", got ${JSON.stringify(got)}`),
  emptyName: () => new ConvocateError("name_invalid", "session name cannot be empty"),
  longName: () => new ConvocateError("name_invalid", "session name cannot exceed 64 characters"),
  attachNotFound: (id: string) =>
    new ConvocateError("not_found", `attach: session ${JSON.stringify(id)} not found`),
  attachNoId: () => new ConvocateError("attach_failed", "bad attach header: missing id"),
} as const;
