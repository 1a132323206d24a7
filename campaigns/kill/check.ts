import { isDeepStrictEqual } from "node:util";
import { sessionId } from "../../protocol/session.ts";
import { differences, type Content } from "./home.ts";
import type { Address, Asked, Expected, Model } from "./model.ts";
import type { Observation } from "./observation.ts";

type Listed = Observation["listed"][number];

const addressOf = ({ name, port, protocol, dns_name }: Listed): Address => ({
  name,
  port: port ?? 0,
  protocol: protocol ?? "tcp",
  dns_name: dns_name ?? "",
});

/** More differences of one home than these say nothing new. */
const told = 3;

function checkHome(title: string, wanted: Content, seen: Observation, uuid: string): string[] {
  const found = seen.contents.get(uuid);
  if (!found) return [`${title}: its home is missing`];
  const wrong = differences(wanted, found);
  const more = wrong.length > told ? `, and ${String(wrong.length - told)} more` : "";
  return wrong.length > 0 ? [`${title}: half a home: ${wrong.slice(0, told).join(", ")}${more}`] : [];
}

function checkKnown(expected: Expected, listed: Listed, seen: Observation): string[] {
  const title = `session ${expected.address.name}`;
  const { created_at, last_accessed, labels, running } = expected;
  const found = addressOf(listed);
  const wanted = [expected.address, ...(expected.editing ? [expected.editing] : [])];
  const shows = (what: string) => `${title}: ${what}`;
  return [
    ...(wanted.some((address) => isDeepStrictEqual(address, found))
      ? []
      : [
          shows(
            `is ${JSON.stringify(found)}, which is not what was asked for last: ${JSON.stringify(wanted)}`,
          ),
        ]),
    ...(listed.created_at === created_at && isDeepStrictEqual(listed.labels ?? {}, labels)
      ? []
      : [shows(`created_at or labels changed: ${listed.created_at} ${JSON.stringify(listed.labels)}`)]),
    ...(listed.last_accessed >= last_accessed
      ? []
      : [shows(`last_accessed went back from ${last_accessed}`)]),
    ...(running === "yes" && !listed.running
      ? [shows(`does not run any more: ${listed.exit_cause ?? ""}`)]
      : []),
    ...(running === "no" && listed.running ? [shows("runs although nobody started it")] : []),
    ...checkHome(title, expected.content, seen, expected.uuid),
  ];
}

function checkFound(asked: Asked | undefined, listed: Listed, seen: Observation): string[] {
  const title = `session ${listed.name}`;
  if (!asked) return [`${title}: nobody asked for it, or it was deleted (${listed.uuid})`];
  const found = addressOf(listed);
  const same =
    isDeepStrictEqual(found, asked.address) && isDeepStrictEqual(listed.labels ?? {}, asked.labels);
  return [
    ...(same
      ? []
      : [`${title}: is ${JSON.stringify(found)}, asked for was ${JSON.stringify(asked.address)}`]),
    ...checkHome(title, asked.content, seen, listed.uuid),
  ];
}

function checkState(listed: Listed, { containers }: Observation): string[] {
  const shown = listed.running ?? false;
  const state = shown ? "running" : "stopped";
  const runs = containers.some(({ session, running }) => session === listed.uuid && running);
  return [
    ...(shown === runs
      ? []
      : [`session ${listed.name}: shown ${state}, the engine says running is ${String(runs)}`]),
    ...(listed.state === state ? [] : [`session ${listed.name}: shown as ${String(listed.state)}`]),
  ];
}

/** What is left over on disk and in the engine. */
function checkLeftovers({ listed, containers, helpers, inhabited, homes, metadata }: Observation): string[] {
  const uuids = new Set(listed.map(({ uuid }) => uuid));
  const running = new Set(containers.filter((c) => c.running).map(({ id }) => id));
  const seen = new Map<string, number>();
  for (const { session } of containers) seen.set(session, (seen.get(session) ?? 0) + 1);
  return [
    ...containers
      .filter(({ session }) => !uuids.has(session))
      .map(({ session, running }) => `leaked container of ${session}${running ? ", running" : ""}`),
    ...[...seen].filter(([, count]) => count > 1).map(([session]) => `several containers of ${session}`),
    ...helpers.map((name) => `leaked helper container ${name}`),
    ...[...inhabited]
      .filter(([id]) => !running.has(id))
      .map(([id, command]) => {
        const known = containers.find((container) => container.id === id);
        const state = known ? `of ${known.session} is ${known.state}` : "the engine does not have";
        return `${command} runs in container ${id}, which ${state}`;
      }),
    ...homes.filter((name) => !uuids.has(name)).map((name) => `left among the homes: ${name}`),
    ...metadata
      .filter((name) => !uuids.has(name.replace(/\.json$/, "")))
      .map((name) => `left in the state folder: ${name}`),
    ...listed.filter(({ uuid }) => !sessionId.safeParse(uuid).success).map(({ uuid }) => `odd uuid ${uuid}`),
  ];
}

/** Everything that breaks a promise, a line each. */
export function check(model: Model, seen: Observation): string[] {
  const listed = new Map(seen.listed.map((session) => [session.uuid, session]));
  const lost = model.known().filter(({ uuid, there }) => there === "yes" && !listed.has(uuid));
  return [
    ...lost.map(({ address, uuid }) => `lost session ${address.name} (${uuid})`),
    ...seen.listed.flatMap((session) => {
      const expected = model.sessions.get(session.uuid);
      return [
        ...(expected
          ? checkKnown(expected, session, seen)
          : checkFound(model.asked.get(session.name), session, seen)),
        ...checkState(session, seen),
      ];
    }),
    ...checkLeftovers(seen),
  ];
}

interface TurnedUp {
  kind: Asked["kind"];
  session: Expected;
}

/** Takes what is seen for what is, where it was not known; after a check without findings. Returns what turned up unanswered. */
export function settle(model: Model, seen: Observation): TurnedUp[] {
  const turnedUp: TurnedUp[] = [];
  for (const session of seen.listed) {
    const { uuid, created_at, last_accessed } = session;
    const asked = model.asked.get(session.name);
    let expected = model.sessions.get(uuid);
    if (!expected && asked) {
      expected = model.add(asked, { uuid, created_at, last_accessed });
      turnedUp.push({ kind: asked.kind, session: expected });
    }
    if (!expected) continue;
    Object.assign(expected, { address: addressOf(session), editing: null, there: "yes", last_accessed });
    model.seen(expected, session.running ?? false);
  }
  const uuids = new Set(seen.listed.map(({ uuid }) => uuid));
  for (const uuid of model.sessions.keys()) if (!uuids.has(uuid)) model.sessions.delete(uuid);
  model.asked.clear();
  return turnedUp;
}
