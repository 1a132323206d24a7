import { ConvocateError } from "../../protocol/errors.ts";
import type { Access } from "../client/access.ts";
import { fault } from "../client/fault.ts";
import { AgentLink } from "../client/link.ts";
import { patience, within } from "./within.ts";

/** What came of dialling an agent and asking for its clock. */
export type Visit =
  | { kind: "failed"; error: ConvocateError }
  | {
      kind: "answered";
      /** `address:port`. */
      at: string;
      /** Milliseconds until it took our key and told its protocol. */
      ms: number;
      /** The pin, which the agent proved to hold: a public key line. */
      hostKey: string;
      /** 0 is v2's. */
      protocol: number;
      version: string;
      /** Milliseconds by which its clock is ahead of ours; NaN when it tells no time. */
      ahead: number;
      /** Milliseconds by which `ahead` may be wrong. */
      unsure: number;
    };

/** Dials an agent, with its pinned host key and our key, and hangs up again. Ends within `patience`, whatever the agent does. */
export async function visit(agentId: string, access: Access): Promise<Visit> {
  const link = new AgentLink({ agentId, access, keep: false });
  const seconds = String(patience / 1_000);
  const late = new ConvocateError("unreachable", `agent ${agentId} did not answer within ${seconds} s`);
  try {
    return await within<Visit, Visit>(look(link), { kind: "failed", error: late });
  } catch (error) {
    return { kind: "failed", error: fault(error, "internal") };
  } finally {
    link.close();
  }
}

async function look(link: AgentLink): Promise<Visit> {
  const dialled = performance.now();
  const { registration, rpc } = await link.established();
  const ms = Math.round(performance.now() - dialled);
  const asked = Date.now();
  const { version, server_time } = await rpc.call("ping", {});
  const answered = Date.now();
  return {
    kind: "answered",
    at: `${registration.address}:${String(registration.port)}`,
    ms,
    hostKey: registration.hostKey ?? "",
    protocol: rpc.protocol,
    version,
    ahead: Date.parse(server_time) - (asked + answered) / 2,
    unsure: (answered - asked) / 2,
  };
}
