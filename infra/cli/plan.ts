import type { Placed } from "./resources.ts";

/** What an update would do, resource by resource, in the order of the preview. */
export type Plan = readonly Placed[];

/** A part of an update; `urns` null: everything. */
export interface Stage {
  hosts: string[];
  urns: string[] | null;
}

/** Agents that are updated at once. */
const width = 8;

const isStep = ({ custom, action }: Placed) => custom && action !== null;

/** What is done, without components. */
export const stepsOf = (plan: Plan): Placed[] => plan.filter(isStep);

/** Hosts that something is done to, in the plan's order. */
export const changedHosts = (plan: Plan): string[] => [
  ...new Set(stepsOf(plan).flatMap(({ host }) => host ?? [])),
];

/** Everything of these hosts, and what all share as far as it is not to go: others may still lean on that. */
function urnsOf(plan: Plan, hosts: readonly string[]): string[] {
  return plan
    .filter(({ host, action }) => (host === null ? action !== "delete" : hosts.includes(host)))
    .map(({ urn }) => urn);
}

/** One part: these hosts alone. */
export const only = (plan: Plan, hosts: readonly string[]): Stage => ({
  hosts: [...hosts],
  urns: urnsOf(plan, hosts),
});

/** Hosts that are not there yet. */
export const newHosts = (plan: Plan): Set<string> =>
  new Set(
    plan.filter(({ isHost, action }) => isHost && action === "create").flatMap(({ host }) => host ?? []),
  );

/**
 * The parts of an update of everything: hosts that leave, before which the engine does nothing to a shell host that they lean on;
 * the shell host, one agent to try it on, the other agents, at most eight at once, and what is left. Agents that are new have no
 * sessions to lose: with no other to update, and for a fleet that is new, it is one part. `order`: the hosts of the stack file, in its order.
 */
export function rollout(plan: Plan, shell: string, order: readonly string[]): Stage[] {
  const fresh = newHosts(plan);
  const touched = new Set(changedHosts(plan));
  const leaving = [...touched].filter((host) => !order.includes(host));
  const changed = order.filter((host) => touched.has(host));
  const agents = changed.filter((host) => host !== shell);
  const old = agents.filter((host) => !fresh.has(host));
  const rest: Stage = { hosts: changedHosts(plan), urns: null };
  if (fresh.has(shell) || old.length === 0) return [rest];
  const [canary = "", ...others] = [...old, ...agents.filter((host) => fresh.has(host))];
  const groups: string[][] = leaving.length > 0 ? [leaving] : [];
  if (changed.includes(shell)) groups.push([shell]);
  groups.push([canary]);
  for (let at = 0; at < others.length; at += width) groups.push(others.slice(at, at + width));
  const stages = groups.map((hosts) => only(plan, hosts));
  const left = plan.some(({ host, action }) => action === "delete" && host === null);
  return left ? [...stages, { hosts: [], urns: null }] : stages;
}
