import type { Log } from "../host/log.ts";
import type { Connection } from "./connection.ts";

/** The one line a connection leaves: who, from where, what, what was refused, how it ended. */
export function audit(connection: Connection, log: Log): void {
  const { principal, remote, opened, refused, ended } = connection;
  const who = principal ? `${principal.kind}=${principal.name}` : "nobody";
  const fields = {
    who,
    remote,
    ...(opened.size > 0 && { opened: Object.fromEntries(opened) }),
    ...(refused.size > 0 && { refused: [...refused] }),
    ended,
  };
  if (principal && refused.size === 0) log.info(fields, "connection");
  else log.warn(fields, refused.size > 0 ? "connection, refused" : "connection, never authenticated");
}
