import type { Connection as Ssh } from "ssh2";
import type { Connection } from "./connection.ts";

/** Ends a connection that comes when `most` others are in with the same key. */
export function guardKey(
  ssh: Ssh,
  connection: Connection,
  all: { values(): Iterable<Connection> },
  most: number,
): void {
  ssh.once("ready", () => {
    const { blob } = connection;
    const same = [...all.values()].filter((other) => blob && other.blob?.equals(blob)).length;
    if (same <= most) return;
    connection.refuse(`more than ${String(most)} connections of one key`);
    connection.end("too many connections of its key");
  });
}
