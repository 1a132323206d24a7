import type { FleetMessage } from "../../protocol/fleet.ts";
import type { Op, Params } from "../../protocol/rpc.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import type { Session } from "../../protocol/session.ts";
import type { ConvocateError } from "../../protocol/errors.ts";
import { noFleet, type Fleet } from "./fleet.ts";
import type { Form } from "./form.ts";
import type { TextField } from "./text-field.ts";
import type { LinkTroubles, Row, Trouble } from "./rows.ts";

/** What is done to a session that exists, without any more to be said. */
export type Action =
  | Extract<Op, "kill" | "delete" | "restart" | "background" | "override">
  /** A running container keeps its port and name: this makes a change of them true. */
  | "kill-and-restart";

/** What is done to a row on a word of its own: an orphan is the shell host's, no agent is asked. */
export type Confirmed = Exclude<Action, "background"> | "remove-orphan";

/** What asks to be confirmed. */
export interface Confirmation {
  kind: "confirm";
  op: Confirmed;
  row: Row;
}

/** What is open below the list. */
export type Panel =
  | Confirmation
  /** Null is *auto*: the least loaded. */
  | { kind: "pick-agent"; choices: (string | null)[]; at: number; orphan: Row | null }
  | { kind: "form"; form: Form }
  | { kind: "filter"; field: TextField }
  | { kind: "settings" }
  | { kind: "notice"; title: string; text: string }
  | { kind: "help" };

export interface State {
  size: { cols: number; rows: number };
  /** Milliseconds since 1970; moved by ticks. */
  now: number;
  /** Load average of this machine over a minute. */
  load: number;
  /** Who is logged in, where that is known. */
  operator: string | null;
  fleet: Fleet;
  links: LinkTroubles;
  /** The status daemon is out of reach; null while it answers. */
  status: Trouble | null;
  /** A snapshot has come. */
  loaded: boolean;
  /** Every session; derived from fleet and links whenever they change. */
  all: Row[];
  /** Words that a row must have to be shown. */
  filter: string;
  /** Those of `all` that the filter lets through. */
  rows: Row[];
  /** The key of the highlighted row; it stays on its session when rows move. */
  selected: string | null;
  /** Index of the first row shown. */
  top: number;
  panel: Panel | null;
  /** The last thing worth saying. */
  message: { text: string; error: boolean } | null;
}

export const initialState = (start: Pick<State, "size" | "now" | "operator">): State => ({
  ...start,
  load: 0,
  fleet: noFleet,
  links: new Map(),
  status: null,
  loaded: false,
  all: [],
  filter: "",
  rows: [],
  selected: null,
  top: 0,
  panel: null,
  message: null,
});

/** Everything that can happen. */
export type Event =
  | { type: "key"; name: string }
  | { type: "paste"; text: string }
  | { type: "resize"; size: State["size"] }
  | { type: "tick"; now: number; load: number }
  | { type: "fleet"; message: FleetMessage }
  | { type: "status-down"; error: ConvocateError }
  | { type: "link"; agentId: string; down: ConvocateError | null }
  | { type: "listed"; agentId: string; version: number; sessions: Session[] }
  | { type: "created"; agentId: string; session: Session; how: "created" | "adopted" }
  | { type: "edited"; row: Row; name: string }
  | { type: "form-failed"; error: ConvocateError }
  | { type: "done"; text: string }
  | { type: "failed"; text: string };

/** How a session is to be called and reached; port 0 is none, -1 the first free one. */
export interface Addressing {
  name: string;
  port: number;
  protocol: string;
  dns_name: string;
}

/** What a reducer wants done outside. */
export type Effect =
  | { type: "quit" }
  | { type: "suspend" }
  | { type: "attach"; row: Row }
  | { type: "create"; agentId: string; params: Params<"create"> }
  | { type: "clone"; agentId: string; params: Params<"clone"> }
  | { type: "edit"; row: Row; params: Params<"edit"> & { name: string } }
  | { type: "adopt"; agentId: string; orphan: Orphan; addressing: Addressing }
  | { type: "remove-orphan"; uuid: string; name: string }
  | { type: "call"; agentId: string; op: Action; id: string; name: string };

/** The state after an event, and what is to be done outside because of it. */
export interface Reduced {
  state: State;
  effects: Effect[];
}

/** Rows of the list that fit between title, header, message and footer, and above an open panel. */
export const chromeRows = 4;
