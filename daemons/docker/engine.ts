/** The Docker Engine as the agent needs it: a session's container is named `convocate-session-<uuid>`. */
import type { Duplex } from "node:stream";

export const containerPrefix = "convocate-session-";
/** Ours carry it as well, so that one which somebody renamed is still known. v2's have the name alone. */
export const sessionLabel = "convocate.session";

export interface EngineInfo {
  version: string;
  /** Containers outlive a restart of the engine. */
  liveRestore: boolean;
  cgroupDriver: "systemd" | "cgroupfs";
  memoryBytes: number;
  cpus: number;
}

export interface ContainerState {
  id: string;
  /** UUID of the session, from the container's name. */
  session: string;
  running: boolean;
  /** Exit status of the session's command; null while it runs. */
  exitCode: number | null;
  oomKilled: boolean;
  image: string;
  /** RFC 3339; when it was last started or ended. */
  since: string;
}

export interface PortBinding {
  port: number;
  protocol: "tcp" | "udp";
  /** On this address of the host only. */
  address?: string;
}

/** What is asked of the engine for a session's container. */
export interface ContainerSpec {
  name: string;
  hostname: string;
  image: string;
  command: string[];
  env: Record<string, string>;
  labels: Record<string, string>;
  /** `source:target[:ro]` */
  binds: string[];
  workingDir: string;
  cgroupParent: string;
  network: string;
  /** Name servers; none: the engine's own choice. */
  dns: string[];
  ports: PortBinding[];
  memoryBytes: number | null;
  cpus: number | null;
  pids: number | null;
  capDrop: string[];
  capAdd: string[];
}

/** `start`, `die` and `destroy` of a session's container; others are of no interest. */
export interface EngineEvent {
  action: "start" | "die" | "oom" | "destroy";
  session: string;
  container: string;
  /** Nanoseconds since the epoch, as the engine counts: equal numbers are the same event. */
  timeNano: number;
  exitCode: number | null;
}

/** A program inside a container, on a terminal. */
export interface Terminal {
  stream: Duplex;
  /** May be called from the start on; sizes are cells. */
  resize(size: { cols: number; rows: number }): Promise<void>;
  /** Resolves after the stream's end with the program's exit status; null when it cannot be told. */
  exitCode(): Promise<number | null>;
  /** Process id of the program as this host sees it; null when it has ended. */
  pid(): Promise<number | null>;
}

export interface TerminalSpec {
  container: string;
  argv: string[];
  /** `uid:gid` */
  user: string;
  env: Record<string, string>;
}

/** A throw-away container that works on files as root. */
export interface HelperSpec {
  /** Whose it is: `removeHelpers` finds it by that. */
  owner: string;
  image: string;
  /** `source:target[:ro]` */
  binds: string[];
  argv: string[];
}

/** How much of a command's output is read, and for how long; then it is left to itself, with exit status -1. */
export interface Bounds {
  bytes: number;
  ms: number;
}

/** A line that a container prints by itself, or a piece of one that is longer than the engine keeps in one (16 KiB). */
export interface Printed {
  /** RFC 3339 with nanoseconds, which compare as text. */
  time: string;
  /** Without the end of line. */
  text: string;
  /** The line ends here. */
  ends: boolean;
}

/** How a command ended, and the end of what it printed. */
export interface Outcome {
  exitCode: number;
  output: string;
}

export interface Engine {
  info(): Promise<EngineInfo>;
  hasImage(reference: string): Promise<boolean>;
  /** Makes the sessions' own bridge network where it is missing: no traffic between its containers. */
  ensureNetwork(name: string): Promise<void>;
  /** Every session's container, running or not. */
  list(): Promise<ContainerState[]>;
  /** Creates and starts; a stopped container of that name is removed first. Returns its id. */
  start(spec: ContainerSpec): Promise<string>;
  /** SIGTERM, then SIGKILL after `graceSeconds`. A container that is gone or stopped is no error. */
  stop(container: string, graceSeconds: number): Promise<void>;
  /** Stops and removes a session's container; one that is gone is no error. */
  remove(session: string): Promise<void>;
  /** Runs a command in a running container; its output and exit status. */
  exec(container: string, user: string, argv: string[], bounds?: Bounds): Promise<Outcome>;
  /** The last lines that a session's container itself printed, running or not; null when there is no container. */
  printed(session: string, lines: number): Promise<string | null>;
  /**
   * What a container itself prints after `since` (a time of `Printed`; empty: all there is), until it ends or `signal` says so.
   * Who takes a line late holds up the next ones. Throws when the engine is lost, and when there is no such container.
   */
  follow(container: string, since: string, signal: AbortSignal): AsyncIterable<Printed>;
  openTerminal(spec: TerminalSpec): Promise<Terminal>;
  /** Runs a command as root in a throw-away container without network. */
  runHelper(spec: HelperSpec): Promise<Outcome>;
  /** Removes the helpers of `owner` that nobody waits for: a crash of ours or of the engine left them. */
  removeHelpers(owner: string): Promise<void>;
  /** Follows the engine's events from `sinceNano` on until it is closed or lost; then `onEnd` is called once. */
  events(
    sinceNano: number,
    onEvent: (event: EngineEvent) => void,
    onEnd: () => void,
  ): Promise<{ close(): void }>;
}
