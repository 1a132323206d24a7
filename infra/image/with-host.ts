import { setTimeout } from "node:timers/promises";
import type { Client } from "ssh2";
import { connect, ConnectionLost, type Endpoint } from "./ssh.ts";

/** Pauses before a connection that was lost is made again, in milliseconds. */
const pauses = [1000, 5000, 15_000];

/**
 * Does `work` on a host, again from its beginning where the connection was lost: it must go on from what is there. Errors
 * name the host.
 */
export async function withHost<T>(
  host: Endpoint,
  agentSocket: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const client = await connect(host, agentSocket);
    try {
      return await work(client);
    } catch (error) {
      const pause = pauses[attempt];
      if (!(error instanceof ConnectionLost) || pause === undefined)
        throw new Error(`${host.host}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      await setTimeout(pause);
    } finally {
      client.end();
    }
  }
}
