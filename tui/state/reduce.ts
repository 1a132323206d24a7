import { applyList, applyMessage } from "./fleet.ts";
import { formPaste } from "./form.ts";
import { listKey, open } from "./list-keys.ts";
import { refreshed, scrolled, select } from "./list.ts";
import { filterBy, panelKey } from "./panel-keys.ts";
import type { Event, Reduced, State } from "./state.ts";
import { insert, onOneLine } from "./text-field.ts";
import { sessionKey } from "./fleet.ts";

const only = (state: State): Reduced => ({ state, effects: [] });

/** The state after an event, and what is to be done outside because of it. */
export function reduce(state: State, event: Event): Reduced {
  switch (event.type) {
    case "key":
      return state.panel ? panelKey(state, state.panel, event.name) : listKey(state, event.name);
    case "paste":
      // Pasted text is never taken for keys: in the list it would kill and delete.
      if (state.panel?.kind === "filter")
        return only(filterBy(state, insert(state.panel.field, onOneLine(event.text))));
      if (state.panel?.kind !== "form") return only(state);
      return only({ ...state, panel: { kind: "form", form: formPaste(state.panel.form, event.text) } });
    case "resize":
      return only(scrolled({ ...state, size: event.size }));
    case "tick":
      return only({ ...state, now: event.now, load: event.load });
    case "fleet": {
      const fleet = applyMessage(state.fleet, event.message);
      const loaded = state.loaded || event.message.type === "snapshot";
      return only(refreshed({ ...state, fleet, loaded, status: null }));
    }
    case "status-down": {
      const since = state.status?.since ?? new Date(state.now).toISOString();
      return only({ ...state, status: { reason: event.error.message, since } });
    }
    case "link":
      return only(refreshed({ ...state, links: withLink(state, event) }));
    case "listed":
      return only(refreshed({ ...state, fleet: applyList(state.fleet, event.agentId, event) }));
    case "created":
      return only(created(state, event));
    case "edited":
      return only(edited(state, event));
    case "form-failed":
      if (state.panel?.kind !== "form") {
        return only({ ...state, message: { text: event.error.message, error: true } });
      }
      return only({
        ...state,
        panel: { kind: "form", form: { ...state.panel.form, busy: false, error: event.error.message } },
      });
    case "done":
      return only({ ...state, message: { text: event.text, error: false } });
    case "failed":
      return only({ ...state, message: { text: event.text, error: true } });
  }
}

function withLink(
  { links, now }: State,
  { agentId, down }: Extract<Event, { type: "link" }>,
): State["links"] {
  const next = new Map(links);
  if (down === null) next.delete(agentId);
  else {
    const since = links.get(agentId)?.since ?? new Date(now).toISOString();
    next.set(agentId, { reason: down.message, since });
  }
  return next;
}

/** The answer to a create is shown at once; the event that follows says the same. */
function created(state: State, { agentId, session, how }: Extract<Event, { type: "created" }>): State {
  const made = { ...session, agent_id: agentId };
  const fleet = applyMessage(state.fleet, { type: "session", session: made });
  const closed: State = {
    ...state,
    fleet,
    ...answered(state),
    message: { text: `${how} ${session.name}; Enter attaches`, error: false },
  };
  // A new session that the filter hides would look like none.
  const next = refreshed({ ...closed, filter: "", selected: sessionKey(made) });
  return select(
    next,
    next.rows.findIndex((row) => row.key === sessionKey(made)),
  );
}

/** A running container keeps its flags: whoever wants the change now is offered kill and restart. */
function edited(state: State, { row, name }: Extract<Event, { type: "edited" }>): State {
  const now = state.all.find(({ key }) => key === row.key) ?? row;
  const message = { text: `changed ${name}`, error: false };
  const next: State = { ...state, ...answered(state), message };
  if (next.panel !== null || now.state === "stopped") return scrolled(next);
  return open(next, { kind: "confirm", op: "kill-and-restart", row: now });
}

/** The form whose answer came is closed; whatever was opened meanwhile stays. */
const answered = ({ panel }: State): Pick<State, "panel"> =>
  panel?.kind === "form" && panel.form.busy ? { panel: null } : { panel };
