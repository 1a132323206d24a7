import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "ssh2";
import { hold, type Hold } from "./hold.ts";
import { hostFacts, planMove, Refusal, type Change, type End, type Metadata, type Plan } from "./plan.ts";
import { readFacts, runAction, startAction } from "./remote.ts";

/** A host that takes part: its name in the stack, and a pinned connection. */
export interface Host {
  name: string;
  client: Client;
}

export type Progress =
  | { step: "look" | "hold" | "check" | "commit" | "list" | "release" }
  /** Bytes of the stream so far; `total` is what the home takes on disk. */
  | { step: "copy"; bytes: number; total: number };

export interface Move {
  uuid: string;
  source: Host;
  target: Host;
  /** The source's files stay on its disk, under another name. */
  keepSource: boolean;
  change: Change;
  say: (progress: Progress) => void;
  /** Whether the target's agent lists the session. */
  isListed: () => Promise<boolean>;
  /** What lies between the two ends; for tests of what happens there. */
  between?: Transform;
}

export interface Moved {
  metadata: Metadata | null;
  bytes: number;
  /** SHA-256 of the stream. */
  sum: string | null;
}

/**
 * Moves a stopped session from a host to an agent: held at both ends, streamed, compared by sum and by count, made a session of
 * the target, and only then let go at the source. Fails with the source whole and the target clean; run again, it finishes.
 */
export async function moveSession(move: Move): Promise<Moved> {
  const { uuid, source, target, change, say } = move;
  const input = { uuid };
  say({ step: "hold" });
  const holds = await holdBoth(move);
  try {
    say({ step: "look" });
    const [from, to] = await Promise.all([look(source, uuid), look(target, uuid)]);
    const plan = planMove(uuid, from, to, change);
    let moved: Moved = { metadata: null, bytes: 0, sum: null };
    if (plan.kind === "finish") await checkUnchanged(move, plan.sum);
    if (plan.kind === "move") {
      moved = await copy(move, from, plan.metadata);
      await commit(move, from, { ...moved, holder: holds.to.holder });
    }
    // The run that made it a session may have been killed before the agent heard of it.
    else await runAction(target.client, "complete", { uuid, holder: holds.to.holder });
    await checkListed(move, plan);
    say({ step: "release" });
    const { holder } = holds.from;
    if (plan.kind !== "over")
      await runAction(source.client, move.keepSource ? "keep" : "release", { uuid, holder });
    await runAction(target.client, "forget", input);
    return moved;
  } finally {
    await Promise.all([holds.from.end(), holds.to.end()]);
    // Of a host that is out of reach its agent does it, at its next start.
    await Promise.allSettled([source, target].map(({ client }) => runAction(client, "tidy", input)));
  }
}

/** Both ends are held, or none. */
async function holdBoth({ uuid, source, target }: Move): Promise<{ from: Hold; to: Hold }> {
  const from = await hold(uuid, source);
  try {
    return { from, to: await hold(uuid, target) };
  } catch (error) {
    await from.end();
    throw error;
  }
}

async function look({ name, client }: Host, uuid: string): Promise<End> {
  return { name, facts: hostFacts.parse(await readFacts(client, uuid)) };
}

/** The sum stands before the name of the file, which is `-`. */
const sumIn = (words: string): string => /^[0-9a-f]{64}/m.exec(words)?.[0] ?? "";

async function copy(
  { uuid, source, target, say, between }: Move,
  from: End,
  metadata: Metadata,
): Promise<Moved> {
  let bytes = 0;
  const total = from.facts.bytes;
  const meter = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      say({ step: "copy", bytes, total });
      done(null, chunk);
    },
  });
  const receiving = await startAction(target.client, "receive", { uuid });
  const sending = await startAction(source.client, "send", { uuid });
  // A channel is closed when both of its ways are: one is not written here, the other is not read.
  sending.channel.end();
  receiving.channel.resume();
  const stages = between ? [meter, between] : [meter];
  const streamed = pipeline([sending.channel, ...stages, receiving.channel]);
  const [sent, received] = await Promise.all([sending.ended, receiving.ended, streamed]);
  say({ step: "check" });
  const sum = sumIn(sent);
  if (sum === "" || sum !== sumIn(received))
    throw new Error(
      `what arrived at ${target.name} is not what left ${source.name}: SHA-256 ${sum} became ${sumIn(received)}`,
    );
  return { metadata, bytes, sum };
}

async function commit(
  move: Move,
  from: End,
  { metadata, sum, holder }: Moved & { holder: string },
): Promise<void> {
  const { uuid, target, say } = move;
  say({ step: "commit" });
  const inputs = {
    uuid,
    holder,
    files: String(from.facts.files),
    metadata: JSON.stringify(metadata),
    sum: sum ?? "",
  };
  await runAction(target.client, "commit", inputs);
}

/** What this run made and the target does not list is taken back; what an earlier one made may be the only one there is. */
async function checkListed({ uuid, target, say, isListed }: Move, { kind }: Plan): Promise<void> {
  say({ step: "list" });
  if (await isListed()) return;
  if (kind === "move") await runAction(target.client, "withdraw", { uuid });
  throw new Error(
    `the agent on ${target.name} does not list the session${kind === "move" ? ": it was taken away there again" : ""}. See \`journalctl -u convocate-agent\` on it`,
  );
}

async function checkUnchanged({ uuid, source, target }: Move, sum: string): Promise<void> {
  const now = sumIn(await runAction(source.client, "sum", { uuid }));
  if (now !== sum)
    throw new Refusal(
      "refused",
      `an earlier move copied the session to ${target.name}, and its files on ${source.name} changed since`,
      `Remove the one that you do not want, on ${source.name} or on ${target.name}.`,
    );
}
