import type { Session } from "ssh2";
import type { Connection } from "./connection.ts";

/** Every client takes 32 KiB (RFC 4253 §6.1). Of 0 ssh2 sends empty packets for ever, of a few it sends mostly headers. */
const least = 1_024;

/** Ends a connection that asks for uselessly small packets. False: it did. The size is in a private field of ssh2's session. */
export function takesPackets(session: Session, connection: Connection): boolean {
  const info: unknown = Reflect.get(session, "_chanInfo");
  const outgoing: unknown = typeof info === "object" && info !== null ? Reflect.get(info, "outgoing") : null;
  const size: unknown =
    typeof outgoing === "object" && outgoing !== null ? Reflect.get(outgoing, "packetSize") : null;
  if (typeof size === "number" && size >= least) return true;
  connection.refuse(`a largest packet of ${String(size)} bytes`);
  connection.drop("packets too small");
  return false;
}
