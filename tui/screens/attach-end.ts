import type { AttachEnd } from "../client/relay.ts";
import type { Event } from "../state/state.ts";

/** What the list says after an attach; a detach needs no words. */
export function attachEndEvent(end: AttachEnd, name: string): Event {
  switch (end.kind) {
    case "detached":
      return { type: "done", text: "" };
    case "session-ended":
      return { type: "done", text: `session ${name} ended` };
    case "container-stopped":
      return { type: "done", text: `the container of ${name} was stopped` };
    case "given-up":
      return { type: "done", text: `left ${name} while its link was down; the session keeps running` };
    case "failed":
    case "lost":
      return { type: "failed", text: end.error.message };
  }
}
