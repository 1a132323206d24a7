import type { Connection } from "./connection.ts";

/**
 * ssh2 announces a window of 2 MiB and does not enforce it: a client that ignores it makes us keep half a gigabyte
 * unread. Looks at every arrival; more than `unreadBytes` of one channel unread ends the connection.
 */
export function guardReceiveWindow(connection: Connection, unreadBytes: number): void {
  connection.socket.on("data", () => {
    for (const channel of connection.channels) {
      if (channel.readableLength <= unreadBytes) continue;
      connection.refuse("data beyond the receive window");
      connection.drop("receive window ignored");
      return;
    }
  });
}
