import type { Duplex } from "node:stream";
import { LineSplitter } from "../../protocol/codec.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { fleetMessage, type FleetMessage } from "../../protocol/fleet.ts";
import { maxResponse } from "../../protocol/rpc.ts";
import { backoffDelay } from "../../protocol/transport.ts";
import type { Access } from "./access.ts";
import { messageOf } from "./fault.ts";

export interface FleetListener {
  message(message: FleetMessage): void;
  /** The socket cannot be reached or was lost; a snapshot follows when it is back. */
  down(error: ConvocateError): void;
}

/** Milliseconds before dial number `attempt` (0 = the first retry). */
export type Delay = (attempt: number) => number;

/** Follows the fleet: a snapshot, then changes; reconnects by itself. A line we do not understand is skipped. */
export function watchFleet(
  access: Pick<Access, "openFleet">,
  listener: FleetListener,
  delay: Delay = backoffDelay,
): { close(): void } {
  let attempt = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let socket: Duplex;

  function dial(): void {
    const lines = new LineSplitter(maxResponse);
    let error: unknown = new Error("the connection ended");
    socket = access.openFleet();
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) {
          const message = parse(line);
          if (message === null) continue;
          attempt = 0;
          listener.message(message);
        }
      } catch (cause) {
        socket.destroy(cause instanceof Error ? cause : undefined);
      }
    });
    socket.on("error", (cause) => (error = cause));
    socket.on("close", () => {
      if (closed) return;
      listener.down(unreachable(error));
      timer = setTimeout(dial, delay(attempt));
      attempt += 1;
    });
  }
  dial();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      socket.destroy();
    },
  };
}

function parse(line: string): FleetMessage | null {
  try {
    return fleetMessage.parse(JSON.parse(line));
  } catch {
    // A later status daemon may say more than we know.
    return null;
  }
}

function unreachable(cause: unknown): ConvocateError {
  return new ConvocateError(
    "unreachable",
    `the status daemon does not answer: ${messageOf(cause)}; see \`systemctl status convocate-status\``,
    { cause },
  );
}

export type FleetSnapshot = Extract<FleetMessage, { type: "snapshot" }>;

/** The fleet as it is now. Rejects `unreachable` when no snapshot comes within `timeoutMs`. */
export function readFleet(access: Pick<Access, "openFleet">, timeoutMs = 5_000): Promise<FleetSnapshot> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      watch.close();
      act();
    };
    const watch = watchFleet(access, {
      message(message) {
        if (message.type === "snapshot") settle(() => resolve(message));
      },
      down: (error) => settle(() => reject(error)),
    });
    const timer = setTimeout(() => {
      settle(() => reject(unreachable(new Error(`no snapshot within ${String(timeoutMs / 1000)} s`))));
    }, timeoutMs);
  });
}
