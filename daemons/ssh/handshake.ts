import type { Connection as Ssh } from "ssh2";
import { usesStrictKex } from "../../protocol/client-options.ts";
import type { Connection } from "./connection.ts";

/** A client without strict key exchange is dropped: ssh2 negotiates it but does not require it (CVE-2023-48795). */
export function requireStrictKex(ssh: Ssh, connection: Connection): void {
  ssh.on("handshake", () => {
    if (usesStrictKex(ssh)) return;
    connection.refuse("key exchange without strict-kex");
    connection.drop("strict key exchange is required");
  });
}
