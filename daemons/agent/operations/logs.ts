import { logLines } from "../../../protocol/rpc.ts";
import type { Context, Operation } from "../context.ts";
import { plainLines } from "../plain-lines.ts";
import { findSession } from "./get.ts";

/** What runs inside a session is not ours: whatever answers for tmux there must end, and say no more than this. */
const bounds = { bytes: 8 << 20, ms: 10_000 };

/** The end of a running session's terminal; null when it has none (any more). */
async function terminal(context: Context, container: string, lines: number): Promise<string | null> {
  const { engine, uid, gid } = context;
  const user = `${String(uid)}:${String(gid)}`;
  const argv = ["tmux", "capture-pane", "-p", "-S", `-${String(lines)}`, "-t", "convocate"];
  const { exitCode, output } = await engine.exec(container, user, argv, bounds);
  return exitCode === 0 ? output : null;
}

/** The end of what a session printed: its terminal's text while it runs, else what its last container left. */
export const logs: Operation<"logs"> = async (context, { id, lines }) => {
  const { uuid } = findSession(context, id).metadata;
  const { registry, engine } = context;
  const count = lines ?? logLines;
  const container = registry.container(uuid);
  const shown =
    container === null
      ? null
      : await terminal(context, container, count).catch((error: unknown) => {
          // It ended meanwhile: then there is what it left.
          if (registry.container(uuid) === container) throw error;
          return null;
        });
  const text = shown ?? (await engine.printed(uuid, count)) ?? "";
  return { lines: plainLines(text, count), running: registry.container(uuid) !== null };
};
