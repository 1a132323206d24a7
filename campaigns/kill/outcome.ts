import type { Call, Outcome } from "./model.ts";

/** An agent's answer, or `lost` or `hangs` in place of a code. */
export interface Answer {
  ok: boolean;
  result?: unknown;
  error?: string | undefined;
  code?: string | undefined;
}

/** Refusals that say something of the session, and what must hold for them to be true. */
const refusals: Record<string, (call: Call) => boolean> = {
  locked: ({ overlapped }) => overlapped,
  not_found: ({ overlapped, session }) => overlapped || session?.there === "maybe",
  already_running: ({ kind, session }) => kind === "restart" && session?.running !== "no",
  running: ({ kind, overlapped, session }) => kind === "clone" && (overlapped || session?.running !== "no"),
  port_taken: ({ kind }) => kind === "create" || kind === "edit",
  // The host's affair, not the session's.
  admission_denied: ({ kind }) => kind === "restart",
};

/**
 * What an answer means for the model. A refusal that is not true and an error of the agent's own are findings; an error of the
 * engine is not, for it may be the engine that is killed: the campaign judges that.
 */
export function classify(call: Call, answer: Answer, over: boolean): { outcome: Outcome; finding?: string } {
  const { code = "", error = "" } = answer;
  const what = `${call.kind} of ${call.session?.address.name ?? "a new session"}`;
  if (answer.ok) {
    const torn = call.kind === "clone" && call.session?.running === "yes" && !call.overlapped;
    return { outcome: "ok", ...(torn && { finding: `${what} was done although it runs` }) };
  }
  const told = `${what} answered ${code}: ${error}`;
  if (code === "engine") return { outcome: "unknown" };
  if (code === "lost") return over ? { outcome: "unknown" } : { outcome: "unknown", finding: told };
  const truth = refusals[code];
  if (truth?.(call)) return { outcome: "refused" };
  return { outcome: truth ? "refused" : "unknown", finding: told };
}
