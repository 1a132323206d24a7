import { ConvocateError } from "../../protocol/errors.ts";
import { AgentPool } from "../client/pool.ts";
import type { Context } from "./context.ts";

/** Milliseconds an agent has to answer; a dead one must not keep the fleet from getting rid of it. */
const patience = 10_000;

/**
 * Takes an agent out of service, for provisioning: it starts nothing any more. Refused while sessions run, which `force`
 * stops. Fails with `unreachable` when there is no answer.
 */
export async function retire(
  context: Context,
  agentId: string,
  { force = false }: { force?: boolean },
): Promise<void> {
  const pool = new AgentPool({ access: context.access, operator: context.operator, keep: false });
  const silence = new AbortController();
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      reject(
        new ConvocateError(
          "unreachable",
          `agent ${agentId} did not answer within ${String(patience / 1_000)} s`,
        ),
      );
    }, patience);
    silence.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  try {
    await Promise.race([pool.call(agentId, "retire", { force }), late]);
    context.stdout.write(`retired ${agentId}\n`);
  } finally {
    silence.abort();
    pool.close();
  }
}
