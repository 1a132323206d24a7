import type { Engine } from "../../docker/engine.ts";
import type { HostLoad } from "../../host/load.ts";

/** What a check looks at; it changes nothing. */
export interface Checked {
  configDir: string;
  stateDir: string;
  homes: string;
  /** Where the agent listens. */
  address: string;
  port: number;
  /** Where the status daemon listens on the shell host. */
  shellPort: number;
  uid: number;
  /** Rejects with the reason when the engine does not answer. */
  connect: () => Promise<Engine>;
  load: HostLoad;
}

/** What was found: `warn` works for now, `fail` does not. */
export interface Finding {
  level: "ok" | "warn" | "fail";
  says: string;
  /** What to do about it. */
  remedy?: string;
}

export interface Check {
  name: string;
  look: (checked: Checked) => Promise<Finding>;
}

export const ok = (says: string): Finding => ({ level: "ok", says });
export const warn = (says: string, remedy: string): Finding => ({ level: "warn", says, remedy });
export const fail = (says: string, remedy: string): Finding => ({ level: "fail", says, remedy });
