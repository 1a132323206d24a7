import type { Command } from "commander";
import type { FleetSession } from "../../protocol/fleet.ts";
import { stateOf } from "../../protocol/session.ts";
import type { FleetSnapshot } from "../client/fleet-socket.ts";
import { clean } from "../render/clean.ts";
import { sizeText } from "../render/size.ts";
import { verbsOf, type Place } from "./completion-walk.ts";
import { withinAgent } from "./resolve.ts";

/** A word that fits, and what it means. */
export interface Candidate {
  value: string;
  text: string;
}

/** What fits at a place; `files` is for the shell to find. */
export type Answer = Candidate[] | "files";

/** The fleet, where it can be had in time. */
export type ReadFleet = (given: Place["given"]) => Promise<FleetSnapshot | null>;

/** What may stand at a place. The fleet is read only where a name of it is asked for. */
export async function candidates(
  root: Command,
  { command, given, wanted }: Place,
  current: string,
  readFleet: ReadFleet,
): Promise<Answer> {
  switch (wanted.kind) {
    case "nothing":
      return [];
    case "verbs":
      return verbsOf(root).map((verb) => ({ value: verb.name(), text: verb.description() }));
    case "options":
      return optionsOf(root, command);
    case "value": {
      const { source, choices, prefix } = wanted;
      if (source === "file" || source === "path" || source === "folder") return "files";
      const fleet = source && (await readFleet(given));
      const live = fleet ? liveNames(fleet, { source, given, typed: current.slice(prefix.length) }) : [];
      const all = [...choices.map((value) => ({ value, text: "" })), ...live];
      return all.map(({ value, text }) => ({ value: prefix + value, text }));
    }
  }
}

/** The verb's, and the root's, which are understood behind a verb too. */
function optionsOf(root: Command, command: Command): Candidate[] {
  const help = command.createHelp();
  const all = [...help.visibleOptions(command), ...help.visibleOptions(root)];
  const byName = new Map(all.map(({ long, description }) => [long, description]));
  return [...byName].flatMap(([value, text]) => (value ? [{ value, text }] : []));
}

interface Live {
  source: "session" | "orphan" | "agent";
  given: Place["given"];
  typed: string;
}

function liveNames(fleet: FleetSnapshot, { source, given, typed }: Live): Candidate[] {
  switch (source) {
    case "agent":
      return agentNames(fleet);
    case "orphan":
      return orphanNames(fleet, typed);
    case "session":
      return sessionNames(onNamedAgent(fleet, given["agent"]), typed);
  }
}

/** Whether it can stand on a command line: it neither looks like an option nor acts on a terminal. */
const sayable = (word: string): boolean => word !== "" && !word.startsWith("-") && clean(word) === word;

/** Those words that can be said and fit one thing only. */
function names(words: readonly string[]): Set<string> {
  const seen = new Map<string, number>();
  for (const word of words) seen.set(word, (seen.get(word) ?? 0) + 1);
  return new Set(words.filter((word) => seen.get(word) === 1 && sayable(word)));
}

function agentNames({ agents }: FleetSnapshot): Candidate[] {
  const known = names(agents.flatMap(({ host, agent_id }) => [...new Set([host, agent_id])]));
  return agents.flatMap(({ host, agent_id, health }) => {
    if (known.has(host)) return [{ value: host, text: `agent ${clean(agent_id)}, ${health}` }];
    return known.has(agent_id) ? [{ value: agent_id, text: `${clean(host)}, ${health}` }] : [];
  });
}

function sessionNames({ sessions, agents }: FleetSnapshot, typed: string): Candidate[] {
  const hosts = new Map(agents.map(({ agent_id, host }) => [agent_id, host]));
  const where = ({ agent_id }: FleetSession) => clean(hosts.get(agent_id) ?? agent_id);
  return namesOf(sessions, typed, (session) => `${stateOf(session)} on ${where(session)}`);
}

const orphanNames = ({ orphans = [] }: FleetSnapshot, typed: string): Candidate[] =>
  namesOf(orphans, typed, ({ bytes }) => `orphan, ${sizeText(bytes)}`);

/** By name; by UUID where the name does not do, or where a UUID is being typed. */
function namesOf<T extends { uuid: string; name: string }>(
  all: readonly T[],
  typed: string,
  about: (one: T) => string,
): Candidate[] {
  const known = names(all.map(({ name }) => name));
  return all.flatMap((one) => {
    const { uuid, name } = one;
    const text = about(one);
    const byName = known.has(name) ? [{ value: name, text }] : [];
    const wanted = byName.length === 0 || (typed !== "" && uuid.startsWith(typed));
    const byUuid = wanted && sayable(uuid) ? [{ value: uuid, text: `${clean(name)}, ${text}` }] : [];
    return [...byName, ...byUuid];
  });
}

/** The sessions of the agent that `--agent` names; all while it names none that is known. */
function onNamedAgent(fleet: FleetSnapshot, wanted: string | undefined): FleetSnapshot {
  try {
    return withinAgent(fleet, wanted);
  } catch {
    return fleet;
  }
}
