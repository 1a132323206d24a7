import { setTimeout } from "node:timers/promises";
import type { Client } from "ssh2";
import { z } from "zod";
import { connect, ConnectionLost, endpoint, runAsRoot, type Run } from "./connect.ts";
import { runHere } from "./here.ts";

/** Where a host is: over SSH, or this very machine. */
export const place = z.union([endpoint, z.object({ host: z.string(), here: z.literal(true) })]);
export type Place = z.infer<typeof place>;

/** Pauses before a connection that was lost is made again, in milliseconds. */
const pauses = [1000, 5000, 15_000];

/**
 * Does `work` on a host, again from its beginning where the connection was lost: it must go on from what is there. Errors
 * name the host.
 */
export async function withHost<T>(
  host: Place,
  agentSocket: string,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    let client: Client | null = null;
    try {
      if ("here" in host) return await work((script) => runHere(script));
      const there = (client = await connect(host, agentSocket));
      return await work((script) => runAsRoot(there, script));
    } catch (error) {
      const pause = pauses[attempt];
      const lost = error instanceof ConnectionLost || (client === null && attempt > 0);
      if (!lost || pause === undefined) throw client || "here" in host ? named(host, error) : error;
      await setTimeout(pause);
    } finally {
      client?.end();
    }
  }
}

const named = ({ host }: Place, error: unknown) =>
  new Error(`${host}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
