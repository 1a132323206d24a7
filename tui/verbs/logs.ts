import { ConvocateError } from "../../protocol/errors.ts";
import { maxLogLines } from "../../protocol/rpc.ts";
import type { LogsJson } from "../../protocol/verbs.ts";
import { clean } from "../render/clean.ts";
import { printJson, type Context } from "./context.ts";
import { onSession, type Target } from "./on-agent.ts";

/** How many lines `-n` asks for. */
export function readLines(text: string): number {
  const lines = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (lines >= 1 && lines <= maxLogLines) return lines;
  throw new ConvocateError("usage", `--lines: got ${JSON.stringify(text)}: give 1 to ${String(maxLogLines)}`);
}

/** Prints the end of what a session printed; nothing when it never ran. */
export async function logs(
  context: Context,
  target: Target & { lines?: string; json?: boolean },
): Promise<void> {
  const lines = target.lines === undefined ? null : readLines(target.lines);
  await onSession(context, target, async ({ agent_id, uuid, name }, pool, fleet) => {
    const found = await pool.call(agent_id, "logs", { id: uuid, lines }).catch((error: unknown) => {
      if (!(error instanceof ConvocateError) || error.code !== "unknown_op") throw error;
      const host = fleet.agents.find((agent) => agent.agent_id === agent_id)?.host ?? agent_id;
      throw new ConvocateError(
        "unknown_op",
        `the agent on ${clean(host)} is too old to tell what sessions printed: upgrade it with \`pulumi up\``,
      );
    });
    const json: LogsJson = { uuid, name, agent_id, running: found.running, lines: found.lines };
    if (target.json) return printJson(context, json);
    context.stdout.write(found.lines.map((line) => `${clean(line)}\n`).join(""));
  });
}
