import type { Connection as Ssh } from "ssh2";
import type { Clock } from "../host/clock.ts";
import type { Connection } from "./connection.ts";
import type { Limits } from "./limits.ts";

/** Renews the keys of a connection that lives for days or moves gigabytes: ssh2 never does by itself (RFC 4253 §9: every hour, every GB). */
export function renewKeys(
  ssh: Ssh,
  { socket }: Pick<Connection, "socket">,
  { rekeyMs, rekeyBytes }: Pick<Limits, "rekeyMs" | "rekeyBytes">,
  clock: Clock,
): void {
  const moved = () => socket.bytesRead + socket.bytesWritten;
  let cancel = () => {};
  let renewedAt = 0;
  const begin = () => {
    cancel();
    renewedAt = moved();
    cancel = clock.after(rekeyMs, renew);
  };
  const renew = () => {
    begin();
    ssh.rekey();
  };
  const look = () => {
    if (moved() - renewedAt >= rekeyBytes) renew();
  };
  ssh.once("ready", () => {
    begin();
    // Whoever receives much sends window adjustments, and whoever is sent more than the socket takes makes it drain.
    socket.on("data", look).on("drain", look);
  });
  socket.once("close", () => cancel());
}
