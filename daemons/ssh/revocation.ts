import type { AuthorizedKeys } from "./authorized-keys.ts";
import type { Connection } from "./connection.ts";

/** Ends every connection whose key is not listed any more, or is listed for somebody else. */
export function endRevoked(connections: Iterable<Connection>, authorizedKeys: AuthorizedKeys): void {
  for (const connection of connections) {
    const { principal, blob } = connection;
    if (!principal || !blob) continue;
    const now = authorizedKeys.find(blob);
    if (now?.kind === principal.kind && now.name === principal.name) continue;
    connection.end("its key was removed from the authorized keys");
    // Nothing it still sends may count.
    connection.socket.destroySoon();
  }
}
