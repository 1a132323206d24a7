import { version } from "../../../protocol/version.ts";
import type { Operation } from "../context.ts";

export const ping: Operation<"ping"> = ({ agentId, clock }) =>
  Promise.resolve({ agent_id: agentId, version, server_time: clock.now().toISOString() });
