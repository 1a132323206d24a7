import type { Session, SessionState } from "../../protocol/session.ts";
import type { ContainerState } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import type { Metadata } from "./metadata-store.ts";
import type { Neighbour } from "./validation.ts";

/** What changed, in the words of the status events. */
export interface Change {
  type:
    | "container.created"
    | "container.edited"
    | "container.started"
    | "container.stopped"
    | "container.deleted"
    | "session.state";
  session_id: string;
  data?: unknown;
}

/** How a container ended. */
interface End {
  exitCode: number | null;
  oom: boolean;
}

interface Entry {
  metadata: Metadata;
  container: { id: string; image: string } | null;
  /** Everybody who is attached; null: somebody whose name is not known. */
  attached: (string | null)[];
  staleLock: boolean;
  /** Why it is not running: `exit N`, `oom` or `killed`. */
  cause: string | null;
  /** Somebody asked for the end that comes next. */
  ending: boolean;
  /** The container whose end was heard last; `untold` when nothing was known of it then. */
  ended: { container: string; untold: End | null } | null;
  since: string;
}

/** Names, each once, in an order of their own. */
const operatorsOf = (attached: Entry["attached"]): string[] =>
  [...new Set(attached.filter((who) => who !== null))].sort();

/** Every session of this agent with its state, in memory: `list` and `get` ask nobody else. */
export class Registry {
  readonly #entries = new Map<string, Entry>();
  readonly #reserved = new Set<Neighbour>();
  readonly #agentId: string;
  readonly #clock: Clock;
  /** The last list, for as long as nothing changes. */
  #listed: Session[] | null = null;
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(agentId: string, clock: Clock) {
    this.#agentId = agentId;
    this.#clock = clock;
  }

  /** Returns what ends it. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Sessions as they travel, most recently accessed first. */
  list(): Session[] {
    this.#listed ??= [...this.#entries.values()]
      .map((entry) => this.#toWire(entry))
      .sort((a, b) => Number(a.last_accessed < b.last_accessed) - Number(a.last_accessed > b.last_accessed));
    return this.#listed;
  }

  get(uuid: string): Session | null {
    const entry = this.#entries.get(uuid);
    return entry ? this.#toWire(entry) : null;
  }

  metadata(uuid: string): Metadata | null {
    return this.#entries.get(uuid)?.metadata ?? null;
  }

  /** The running container of a session; null when it does not run. */
  container(uuid: string): string | null {
    return this.#entries.get(uuid)?.container?.id ?? null;
  }

  /** Metadata of every session that runs. */
  running(): Metadata[] {
    return [...this.#entries.values()].filter(({ container }) => container).map(({ metadata }) => metadata);
  }

  get uuids(): string[] {
    return [...this.#entries.keys()];
  }

  /** Everything that has a port or a DNS name, or is about to. `except` is left out. */
  neighbours(except?: string): Neighbour[] {
    const known = [...this.#entries.values()].map((entry): Neighbour => entry.metadata);
    return [...known, ...this.#reserved].filter((neighbour) => neighbour.uuid !== except);
  }

  /** Keeps ports and names for a session that is being made or edited: two creates at once never get the same. */
  async reserving<T>(neighbour: Neighbour, make: () => Promise<T>): Promise<T> {
    this.#reserved.add(neighbour);
    return make().finally(() => this.#reserved.delete(neighbour));
  }

  /** A session known from before this daemon: no event. */
  load(metadata: Metadata, staleLock: boolean): void {
    this.#listed = null;
    this.#entries.set(metadata.uuid, {
      metadata,
      container: null,
      attached: [],
      staleLock,
      cause: null,
      ending: false,
      ended: null,
      since: metadata.last_accessed,
    });
  }

  add(metadata: Metadata): Session {
    this.load(metadata, false);
    return this.#tell("container.created", metadata.uuid);
  }

  edit(metadata: Metadata): void {
    this.#with(metadata.uuid, (entry) => {
      entry.metadata = metadata;
      this.#tell("container.edited", metadata.uuid);
    });
  }

  /** Metadata that changes without being edited, such as the time of the last access: told with the next event. */
  touch(metadata: Metadata): void {
    this.#with(metadata.uuid, (entry) => (entry.metadata = metadata));
  }

  remove(uuid: string): void {
    this.#listed = null;
    if (this.#entries.delete(uuid)) this.#announce({ type: "container.deleted", session_id: uuid });
  }

  unlock(uuid: string): void {
    this.#with(uuid, (entry) => {
      entry.staleLock = false;
      this.#tell("session.state", uuid);
    });
  }

  /**
   * The session runs in `container`: without `since` by what was asked of the engine, with it by the engine's own list.
   * A container that ends at once is heard to end before the engine answers that it started.
   */
  started(uuid: string, container: { id: string; image: string }, since?: string): void {
    this.#with(uuid, (entry) => {
      if (entry.container?.id === container.id) return;
      const over = since === undefined && entry.ended?.container === container.id ? entry.ended : null;
      if (over?.untold === null) return;
      Object.assign(entry, {
        container,
        cause: null,
        ending: false,
        attached: [],
        since: since ?? this.#now(),
      });
      this.#tell("container.started", uuid);
      if (over) this.stopped(uuid, container.id, over.untold);
    });
  }

  /** Whether the end that comes next was asked for. */
  endingSoon(uuid: string, ending: boolean): void {
    this.#with(uuid, (entry) => (entry.ending = ending));
  }

  /** The session's container ended; `container` guards against news of an earlier one. */
  stopped(uuid: string, container: string, how: End): void {
    this.#with(uuid, (entry) => {
      const known = entry.container?.id === container;
      if (known || entry.ended?.container !== container)
        entry.ended = { container, untold: known ? null : how };
      if (!known) return;
      const cause = entry.ending ? "killed" : how.oom ? "oom" : `exit ${String(how.exitCode ?? "unknown")}`;
      Object.assign(entry, { container: null, cause, ending: false, attached: [], since: this.#now() });
      this.#announce({ type: "container.stopped", session_id: uuid, data: { cause } });
    });
  }

  /** What a list of the engine says of a session that is not running. */
  found(uuid: string, state: ContainerState): void {
    this.#with(uuid, (entry) => {
      entry.cause ??= state.oomKilled ? "oom" : `exit ${String(state.exitCode ?? "unknown")}`;
      entry.since = state.since;
    });
  }

  cause(uuid: string): string | null {
    return this.#entries.get(uuid)?.cause ?? null;
  }

  /** An operator came to `container`; null: one whose name is not known. */
  attached(uuid: string, container: string, who: string | null): void {
    this.#attach(uuid, container, (before) => [...before, who]);
  }

  /** An operator left `container`; who leaves an earlier one is not counted any more. */
  detached(uuid: string, container: string, who: string | null): void {
    this.#attach(uuid, container, (before) => before.filter((_, i) => i !== before.indexOf(who)));
  }

  #attach(uuid: string, container: string, change: (before: Entry["attached"]) => Entry["attached"]): void {
    this.#with(uuid, (entry) => {
      if (entry.container?.id !== container) return;
      const before = entry.attached;
      entry.attached = change(before);
      const connected = entry.attached.length > 0;
      if (connected !== before.length > 0) entry.since = this.#now();
      else if (operatorsOf(before).join() === operatorsOf(entry.attached).join()) return;
      this.#tell("session.state", uuid);
    });
  }

  #with(uuid: string, change: (entry: Entry) => void): void {
    const entry = this.#entries.get(uuid);
    this.#listed = null;
    if (entry) change(entry);
  }

  #tell(type: Change["type"], uuid: string): Session {
    const data = this.get(uuid);
    if (!data) throw new Error(`no session ${uuid}`);
    this.#announce({ type, session_id: uuid, data });
    return data;
  }

  #announce(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }

  #state({ container, attached, staleLock }: Entry): SessionState {
    if (!container) return staleLock ? "locked" : "stopped";
    return attached.length > 0 ? "connected" : "running";
  }

  #toWire(entry: Entry): Session {
    const { port, dns_name, ...metadata } = entry.metadata;
    const operators = operatorsOf(entry.attached);
    return {
      ...metadata,
      ...(port && { port }),
      ...(dns_name && { dns_name }),
      ...(entry.container && { running: true, image: entry.container.image }),
      ...(entry.attached.length > 0 && { attached: true }),
      ...(operators.length > 0 && { operators }),
      ...(entry.cause !== null && { exit_cause: entry.cause }),
      agent_id: this.#agentId,
      state: this.#state(entry),
      state_since: entry.since,
    };
  }
}
