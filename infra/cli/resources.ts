import type { EventResource } from "./engine-event.ts";
import type { Action } from "./events.ts";

/** A resource of the program and the host it works for; null: what all hosts share. */
export interface Placed {
  urn: string;
  host: string | null;
  /** What operators call it: the resource's name without its host's. */
  step: string;
  /** Null: nothing is done. */
  action: Action | null;
  /** False: a component. */
  custom: boolean;
  /** The component that a host is. */
  isHost: boolean;
}

const actions: Record<string, Action> = {
  create: "create",
  update: "update",
  "create-replacement": "replace",
  delete: "delete",
};

const hostTypes = new Set(["convocate:host:ShellHost", "convocate:host:AgentHost"]);

/** `urn:pulumi:STACK::PROJECT::TYPE::NAME` (a name may have `::` in it; ours have not). */
const nameOf = (urn: string) => urn.split("::").at(-1) ?? "";
const typeOf = (urn: string) => urn.split("::").at(-2)?.split("$").at(-1) ?? "";

/** Tells whose a resource is by the components that it is a part of. */
export class Placement {
  readonly #parents = new Map<string, string>();
  readonly #hosts: ReadonlySet<string>;

  /** `hosts`: the names in the stack file. */
  constructor(hosts: readonly string[]) {
    this.#hosts = new Set(hosts);
  }

  /** Null for what belongs to the engine itself: the stack, the plugins. */
  place({ urn, type, op, parent, custom }: EventResource): Placed | null {
    if (parent !== "") this.#parents.set(urn, parent);
    if (type.startsWith("pulumi:")) return null;
    const component = this.#component(urn);
    const isHost = component === urn;
    const host = component === null ? null : this.#hostOf(nameOf(component));
    const name = nameOf(urn);
    const prefix = [component === null ? "" : nameOf(component), host ?? ""].find(
      (p) => p && name.startsWith(`${p}-`),
    );
    const step = prefix === undefined ? name : name.slice(prefix.length + 1);
    return { urn, host, step, action: actions[op] ?? null, custom, isHost };
  }

  /** The host of a URN that was placed before. */
  hostOfUrn(urn: string): string | null {
    const component = this.#component(urn);
    return component === null ? null : this.#hostOf(nameOf(component));
  }

  /** On a host with both roles the agent's component has a name of its own. */
  #hostOf(component: string): string {
    const combined = component.replace(/-agent$/, "");
    return !this.#hosts.has(component) && this.#hosts.has(combined) ? combined : component;
  }

  #component(urn: string): string | null {
    for (let at: string | undefined = urn; at !== undefined; at = this.#parents.get(at))
      if (hostTypes.has(typeOf(at))) return at;
    return null;
  }
}
