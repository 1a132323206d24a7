import type { ServerChannel } from "ssh2";
import type { Principal } from "../../protocol/keys.ts";

export interface Size {
  cols: number;
  rows: number;
}

/** One opened subsystem: an accepted channel and who is at its other end. */
export interface SubsystemSession {
  principal: Principal;
  /** From where: `address:port`. */
  remote: string;
  /** Accepted; read from it at once or pause it at once. Its `close` waits until everything received is read. */
  channel: ServerChannel;
  /** From pty-req, where the subsystem allows one; sizes 1 to 1,000. */
  pty: (Size & { term: string }) | null;
  /** Called at every window-change with sizes of 1 to 1,000. */
  onResize: (listener: (size: Size) => void) => void;
  /** Why the connection ended; meant for after `channel` closed. */
  ended: () => string;
}

export interface Subsystem {
  /** Whether a pty may be requested for it. */
  pty: boolean;
  open(session: SubsystemSession): void;
}
