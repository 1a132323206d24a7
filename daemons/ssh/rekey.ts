import type { Connection as Ssh } from "ssh2";
import type { Clock } from "../host/clock.ts";
import type { Connection } from "./connection.ts";

/** Renews the keys of a connection that lives for days: ssh2 never does by itself (RFC 4253 §9: every hour). */
export function renewKeys(ssh: Ssh, connection: Connection, everyMs: number, clock: Clock): void {
  let cancel = () => {};
  const renew = () => {
    ssh.rekey();
    cancel = clock.after(everyMs, renew);
  };
  ssh.once("ready", () => {
    cancel = clock.after(everyMs, renew);
  });
  connection.socket.once("close", () => cancel());
}
