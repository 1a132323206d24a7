import { isDeepStrictEqual } from "node:util";
import type { ContestedName, FleetMessage } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import { isEventType } from "../../protocol/status.ts";
import type { Clock } from "../host/clock.ts";
import { fleetAgentOf } from "./agent.ts";
import { reduce, type Fleet, type FleetInput } from "./fleet.ts";

/** How often time is looked at, in milliseconds: how late an agent may be called silent. */
const tickMs = 1_000;

type Listener = (changes: readonly FleetMessage[]) => void;

/** The one place that holds the fleet: takes what happens, tells who listens. */
export class Hub {
  readonly #clock: Clock;
  readonly #listeners = new Set<Listener>();
  #fleet: Fleet = new Map();
  #contested: ContestedName[] = [];
  #orphans: Orphan[] = [];
  #cancelTick: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#cancelTick = clock.after(tickMs, () => this.#tick());
  }

  /** Returns what is wrong with the event, if anything. */
  apply(input: FleetInput): string | null {
    const { fleet, changes, problem } = reduce(this.#fleet, input, this.#clock.now());
    this.#fleet = fleet;
    if (
      input.kind === "event" &&
      !isEventType(input.event.type) &&
      fleet.get(input.event.agent_id)?.registration
    )
      changes.push({ type: "event", event: input.event });
    this.#tell(changes);
    return problem;
  }

  /** Which DNS names several sessions claim, and who has them. */
  contest(names: ContestedName[]): void {
    if (isDeepStrictEqual(names, this.#contested)) return;
    this.#contested = names;
    this.#tell([{ type: "contested", names }]);
  }

  /** UUIDs of the sessions that agents have, or had when they were heard last; null: not all were heard yet. */
  claims(): ReadonlySet<string> | null {
    const agents = [...this.#fleet.values()];
    if (agents.some(({ registration, known }) => registration && !known)) return null;
    return new Set(agents.flatMap(({ sessions }) => [...sessions.keys()]));
  }

  /** All session directories on this host that no agent claims. */
  orphans(all: Orphan[]): void {
    if (isDeepStrictEqual(all, this.#orphans)) return;
    this.#orphans = all;
    this.#tell([{ type: "orphans", orphans: all }]);
  }

  /** Registered agents that are connected and have not told their sessions. */
  untold(): { agent_id: string; connectedAt: number }[] {
    return [...this.#fleet.values()].filter(
      ({ registration, connected, told }) => registration && connected && !told,
    );
  }

  snapshot(): FleetMessage {
    const shown = [...this.#fleet.values()].flatMap((agent) => {
      const told = fleetAgentOf(agent);
      if (!told) return [];
      // Here alone: told as it comes, every heartbeat would be a change for every reader.
      const heartbeat_at = agent.beat > 0 ? { heartbeat_at: new Date(agent.beat).toISOString() } : {};
      return [{ told: { ...told, ...heartbeat_at }, sessions: [...agent.sessions.values()] }];
    });
    return {
      type: "snapshot",
      agents: shown.map(({ told }) => told),
      sessions: shown.flatMap(({ sessions }) => sessions),
      ...(this.#contested.length > 0 && { contested: this.#contested }),
      ...(this.#orphans.length > 0 && { orphans: this.#orphans }),
    };
  }

  /** Returns what ends the subscription. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#cancelTick();
  }

  #tell(changes: readonly FleetMessage[]): void {
    if (changes.length > 0) for (const listener of this.#listeners) listener(changes);
  }

  #tick(): void {
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick());
    this.apply({ kind: "tick" });
  }
}
