import type { ServerChannel } from "ssh2";
import { LineSplitter } from "../../protocol/codec.ts";
import { statusEvent, type StatusEvent } from "../../protocol/status.ts";
import type { Log } from "../host/log.ts";
import type { Subsystem } from "../ssh/listener.ts";
import type { FleetInput } from "./fleet.ts";

/** Characters of one event: a snapshot's part with 200 sessions takes a tenth of it. */
const lineMax = 4 * 2 ** 20;
/** Complaints logged of one connection; then only how many more there were. */
const complaintsMax = 20;

/** Where events go; answers what is wrong with one, if anything. */
type Apply = (input: FleetInput) => string | null;

/** The subsystem `convocate-status`: an agent's events, one JSON object a line. An agent speaks only for itself. */
export function createReceiver(apply: Apply, log: Log): Subsystem {
  /** The newest connection of an agent is the agent: an older one is a link that died without a word. */
  const current = new Map<string, ServerChannel>();
  return {
    pty: false,
    open({ principal, remote, channel, ended }) {
      const agent_id = principal.name;
      const complain = complaints(log, { agent_id, remote });
      const older = current.get(agent_id);
      current.set(agent_id, channel);
      older?.end();
      apply({ kind: "connected", agent_id });
      log.info({ agent_id, remote }, "agent connected");

      const splitter = new LineSplitter(lineMax);
      channel.on("data", (data: Buffer) => {
        if (current.get(agent_id) !== channel) return;
        try {
          for (const line of splitter.push(data)) {
            const event = parseEvent(line, agent_id);
            const problem = typeof event === "string" ? event : apply({ kind: "event", event });
            if (problem !== null) complain(problem, line);
          }
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          // What is lost cannot be known: the agent's snapshot after it has connected again heals it.
          complain(error.message, "");
          channel.end();
        }
      });
      channel.once("end", () => channel.end());
      channel.once("close", () => {
        complain.close();
        if (current.get(agent_id) !== channel) return;
        current.delete(agent_id);
        apply({ kind: "disconnected", agent_id, reason: `connection lost: ${ended()}` });
        log.info({ agent_id, remote, reason: ended() }, "agent disconnected");
      });
    },
  };
}

/** The event in a line of the agent `owner`; a string says why there is none. */
export function parseEvent(line: string, owner: string): StatusEvent | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "not JSON";
  }
  const event = statusEvent.safeParse(value);
  if (!event.success) return "not an event: type, agent_id and timestamp are strings that every event has";
  if (event.data.agent_id !== owner)
    return `an event of agent ${JSON.stringify(event.data.agent_id.slice(0, 64))}: an agent speaks only for itself`;
  return event.data;
}

/** Logs what is wrong with lines, without letting one agent fill the journal. */
function complaints(log: Log, fields: object) {
  let made = 0;
  const complain = (problem: string, line: string) => {
    made += 1;
    if (made <= complaintsMax) log.warn({ ...fields, problem, line: line.slice(0, 200) }, "event skipped");
  };
  complain.close = () => {
    if (made > complaintsMax) log.warn({ ...fields, skipped: made }, "more events were skipped");
  };
  return complain;
}
