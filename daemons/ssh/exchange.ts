import type { Connection as Ssh } from "ssh2";
import type { Clock } from "../host/clock.ts";
import type { Connection } from "./connection.ts";

/** Packets that ssh2 may keep back during a key exchange. */
const packetsMax = 4_096;

/**
 * A key exchange on an open connection, as ssh2 keeps it in private fields: while one is under way, it keeps back all
 * it is told to send, without end.
 */
function exchangeOf(ssh: Ssh): { underway: boolean; packets: number } {
  const protocol: unknown = Reflect.get(ssh, "_protocol");
  if (typeof protocol !== "object" || protocol === null) return { underway: false, packets: 0 };
  const queue: unknown = Reflect.get(protocol, "_queue");
  return {
    underway: Reflect.get(protocol, "_kexinit") !== undefined,
    packets: Array.isArray(queue) ? queue.length : 0,
  };
}

export const exchanging = (ssh: Ssh): boolean => exchangeOf(ssh).underway;

/**
 * Ends a connection that begins to renew its keys and does not get it done within `exchangeMs`; and one that does so before
 * it has authenticated, which no honest client has a reason for: an exchange costs us a thousand times what it costs to ask.
 */
export function guardExchange(ssh: Ssh, connection: Connection, exchangeMs: number, clock: Clock): void {
  const { socket } = connection;
  let cancel: (() => void) | null = null;
  let exchanges = 0;
  const fail = () => {
    connection.refuse("a key exchange without end");
    connection.drop("the key exchange was not finished");
  };
  const look = () => {
    const { underway, packets } = exchangeOf(ssh);
    if (packets > packetsMax) fail();
    if (underway) cancel ??= clock.after(exchangeMs, fail);
  };
  const done = () => {
    cancel?.();
    cancel = null;
  };
  ssh.once("ready", () => socket.on("data", look));
  ssh.on("handshake", () => {
    done();
    exchanges += 1;
    if (connection.principal || exchanges === 1) return;
    connection.refuse("a second key exchange before authentication");
    connection.drop("key exchange before authentication");
  });
  socket.once("close", done);
}
