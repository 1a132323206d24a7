import type { Content } from "./home.ts";

/** What `edit` replaces, as it is asked for: nothing is left out. */
export interface Address {
  name: string;
  port: number;
  protocol: string;
  dns_name: string;
}

/** What is known of a yes-or-no: `maybe` when an operation got no answer. */
export type Known = "yes" | "no" | "maybe";

export const kinds = ["create", "clone", "restart", "kill", "edit", "delete"] as const;
export type Kind = (typeof kinds)[number];

/** How a call ended: `unknown` when it may or may not have been done. */
export type Outcome = "ok" | "refused" | "unknown";

/** A session as the clients know it. */
export interface Expected {
  uuid: string;
  created_at: string;
  /** Never earlier than that. */
  last_accessed: string;
  labels: Record<string, string>;
  address: Address;
  /** Asked for, not answered: either may be found, and no mixture. */
  editing: Address | null;
  content: Content;
  there: Exclude<Known, "no">;
  running: Known;
  /** It was asked to end, and nobody said that it did: the engine goes on with that by itself, for 10 s and more. */
  ending: boolean;
  /** Operations under way. */
  calls: Set<Call>;
}

/** A session that was asked for, and may be there or not. */
export interface Asked {
  kind: "create" | "clone";
  address: Address;
  labels: Record<string, string>;
  content: Content;
}

/** An operation under way. */
export interface Call {
  kind: Kind;
  session: Expected | null;
  /** Another one worked on the same session meanwhile: one of them may be refused. */
  overlapped: boolean;
}

/** Everything the clients were promised. Names are never used twice, so that a session without an answer is known by its name. */
export class Model {
  readonly sessions = new Map<string, Expected>();
  readonly asked = new Map<string, Asked>();
  readonly calls = new Set<Call>();

  /** What a client may do something to: at most one change at a time, but cloning meets everything. */
  idle(): Expected[] {
    const changes = (session: Expected) => [...session.calls].some(({ kind }) => kind !== "clone");
    return this.known().filter((session) => session.there === "yes" && !changes(session));
  }

  /** In an order that does not depend on UUIDs. */
  known(): Expected[] {
    return [...this.sessions.values()].sort((a, b) => (a.address.name < b.address.name ? -1 : 1));
  }

  /** A call begins. */
  begin(kind: Kind, session: Expected | null): Call {
    const call: Call = { kind, session, overlapped: false };
    this.calls.add(call);
    if (session) {
      for (const other of session.calls) call.overlapped = other.overlapped = true;
      session.calls.add(call);
    }
    return call;
  }

  end(call: Call): void {
    this.calls.delete(call);
    call.session?.calls.delete(call);
  }

  ask(asked: Asked): void {
    this.asked.set(asked.address.name, asked);
  }

  /** It will not be there. */
  withdraw(name: string): void {
    this.asked.delete(name);
  }

  /** A session that was asked for is there: answered, or found. */
  add(asked: Asked, told: Pick<Expected, "uuid" | "created_at" | "last_accessed">): Expected {
    this.asked.delete(asked.address.name);
    const { address, labels, content } = asked;
    const session: Expected = {
      ...told,
      address,
      labels,
      content,
      editing: null,
      there: "yes",
      running: "no",
      ending: false,
      calls: new Set(),
    };
    this.sessions.set(told.uuid, session);
    return session;
  }

  edit(session: Expected, to: Address, outcome: Outcome): void {
    if (outcome === "ok") session.address = to;
    if (outcome !== "unknown") session.editing = null;
  }

  /** After `restart` (`to` is yes) or `kill`. */
  power(session: Expected, to: "yes" | "no", outcome: Outcome): void {
    if (outcome === "ok") Object.assign(session, { running: to, ending: false });
    if (outcome !== "unknown") return;
    session.running = "maybe";
    session.ending ||= to === "no";
  }

  /** It was seen to run, or not to. */
  seen(session: Expected, running: boolean): void {
    if (!running) session.ending = false;
    session.running = !running ? "no" : session.ending ? "maybe" : "yes";
  }

  delete(session: Expected, outcome: Outcome): void {
    if (outcome === "ok") this.sessions.delete(session.uuid);
    if (outcome !== "unknown") return;
    Object.assign(session, { there: "maybe", running: "maybe", ending: true });
  }
}
