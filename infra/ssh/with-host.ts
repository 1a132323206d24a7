import { setTimeout } from "node:timers/promises";
import type { Client } from "ssh2";
import { connect, ConnectionLost, type Endpoint } from "./connect.ts";

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
    let client: Client | null = null;
    try {
      client = await connect(host, agentSocket);
      return await work(client);
    } catch (error) {
      const pause = pauses[attempt];
      const lost = error instanceof ConnectionLost || (client === null && attempt > 0);
      if (!lost || pause === undefined) throw client ? named(host, error) : error;
      await setTimeout(pause);
    } finally {
      client?.end();
    }
  }
}

const named = ({ host }: Endpoint, error: unknown) =>
  new Error(`${host}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
