import type { Clock } from "../host/clock.ts";
import type { Connection } from "./connection.ts";

/** Ends a connection that has not authenticated `graceMs` after it was accepted, whatever it did meanwhile. */
export function guardGrace(connection: Connection, graceMs: number, clock: Clock): void {
  const cancel = clock.after(graceMs, () => {
    if (!connection.principal) connection.drop(`no authentication within ${String(graceMs / 1_000)} s`);
  });
  connection.socket.once("close", cancel);
}
