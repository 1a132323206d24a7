import type { Readable } from "node:stream";

/** Where a verb writes: a terminal, a file, or a test. */
export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** What became of signals to the process. */
export interface HeldSignals {
  /** To be handed on to the engine. */
  engine: AbortSignal;
  /** There was one; the engine may know it already. */
  ended: () => boolean;
}

/** What a verb works with; only main.ts knows where it comes from. */
export interface Context {
  /** The folder of Pulumi.yaml. */
  root: string;
  /** The project's data folder: state, passphrase, toolchain. */
  dataDir: string;
  home: string;
  /** What this machine is called (hostname(1)). */
  hostName: string;
  /** /etc/machine-id; null: there is none. */
  machineId: string | null;
  /** Whether this machine waits for a restart. */
  restartAsked: () => boolean;
  path: string;
  plugins: "auto" | "official" | "offline";
  /** The ssh-agent's socket. */
  agentSocket: string | undefined;
  /** CONVOCATE_STACK. */
  stack: string | undefined;
  stdin: Readable & { isTTY?: boolean };
  stdout: Sink;
  stderr: Sink;
  /** From here on signals end the engine in good order, instead of the process at once. */
  holdSignals: () => HeldSignals;
  /** Milliseconds since 1970. */
  now: () => number;
}
