import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseAddress } from "../../protocol/address.ts";
import { registrationFiles } from "../../protocol/config.ts";
import { sessionList } from "../../protocol/rpc.ts";
import { sshUser, subsystems } from "../../protocol/transport.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import { ask } from "../ssh/ask.ts";
import type { Hub } from "./hub.ts";

/** An agent of ours tells all its sessions as soon as it has connected; one that has not by then never will. */
const firstAfter = 2_000;
const again = 15_000;
const withinMs = 10_000;

const answer = z.object({ ok: z.literal(true), result: sessionList });

export interface ListingOptions {
  hub: Hub;
  /** Where agents are registered. */
  agentKeys: string;
  clock: Clock;
  log: Log;
}

/** Asks agents that do not tell all their sessions by themselves, such as v2's, for their list, every 15 s. */
export function listOthers({ hub, agentKeys, clock, log }: ListingOptions): { close(): void } {
  let cancel = () => {};
  const asking = new Set<string>();
  const lastAsked = new Map<string, number>();

  async function list(agent_id: string): Promise<void> {
    const file = (name: string) => readFileSync(join(agentKeys, agent_id, name), "utf8");
    const { address, port } = parseAddress(file(registrationFiles.address));
    const line = await ask({
      host: address,
      port,
      username: sshUser,
      privateKey: file(registrationFiles.toAgentKey),
      hostKey: file(registrationFiles.hostKey),
      subsystem: subsystems.rpc,
      log,
      clock,
      request: { op: "list", params: null },
      withinMs,
    });
    hub.apply({ kind: "listed", agent_id, sessions: answer.parse(JSON.parse(line)).result });
  }

  function look(): void {
    const now = clock.now().getTime();
    for (const { agent_id, connectedAt } of hub.untold()) {
      const last = lastAsked.get(agent_id) ?? 0;
      const due = last > connectedAt ? last + again : connectedAt + firstAfter;
      if (now < due || asking.has(agent_id)) continue;
      lastAsked.set(agent_id, now);
      asking.add(agent_id);
      list(agent_id)
        .catch((error: unknown) => log.warn({ err: error, agent_id }, "an agent's list could not be read"))
        .finally(() => asking.delete(agent_id));
    }
    cancel = clock.after(1_000, look);
  }
  look();
  return { close: () => cancel() };
}
