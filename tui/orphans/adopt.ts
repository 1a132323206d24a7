import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { ConvocateError } from "../../protocol/errors.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import { sessionId, session as sessionSchema, type Session } from "../../protocol/session.ts";
import type { OrphanPlace } from "../client/access.ts";
import { fault } from "../client/fault.ts";
import type { AgentLink } from "../client/link.ts";
import { holding } from "./hold.ts";
import { checkKept, keep, remove } from "./let-go.ts";
import { sumOf } from "./pack.ts";
import { sendHome, Unanswered } from "./send.ts";
import { survey } from "./survey.ts";

/** How it is called on its agent: what it was called, or what the operator chose instead. */
export interface Addressing {
  name: string;
  /** 0: none, -1: the first free one. */
  port: number;
  protocol: string;
  dns_name: string;
}

export interface Adopting {
  orphan: Orphan;
  agentId: string;
  addressing: Addressing;
  /** The directory stays on the shell host, under another name. */
  keepSource: boolean;
  /** Hears how much of the stream has gone, of about how much. */
  say: (bytes: number, total: number) => void;
}

export interface Adopted {
  session: Session;
  /** Where the rest of the directory is, when root's files in it keep us from removing it whole. */
  left: string | null;
}

/**
 * Makes an orphan of the shell host a session of an agent. The directory is let go only when the agent has all of it, by sum
 * and by count: whatever fails before leaves it as it is, and nothing on the agent.
 */
export function adopt(place: OrphanPlace, link: AgentLink, adopting: Adopting): Promise<Adopted> {
  return "verb" in place ? adoptThere(place.verb, adopting) : adoptHere(place.folder, link, adopting);
}

async function adoptHere(folder: string, link: AgentLink, adopting: Adopting): Promise<Adopted> {
  const { orphan, addressing, keepSource, say } = adopting;
  const { uuid, created_at, last_accessed } = orphan;
  const home = join(folder, sessionId.parse(uuid));
  return holding(folder, uuid, async () => {
    if (keepSource) await checkKept(folder, uuid);
    const { bytes, files } = await survey(home);
    const { connection } = await link.established();
    const session = await sendHome(connection, {
      home,
      params: { id: uuid, ...addressing, created_at, last_accessed, bytes, files },
      say: (sent) => say(sent, bytes),
    }).catch((error: unknown) => asked(link, home, error));
    return { session, left: await letGo(folder, uuid, keepSource) };
  });
}

/**
 * An agent whose last word was lost, now or in an earlier run, is asked once more: by the sum it tells whether it has this
 * very home, and never started it since.
 */
async function asked(link: AgentLink, home: string, error: unknown): Promise<Session> {
  const isTaken = error instanceof ConvocateError && error.code === "uuid_taken";
  if (!(error instanceof Unanswered) && !isTaken) throw error;
  const { rpc } = await link.established();
  const session = await rpc.call("get", { id: basename(home) }).catch(() => null);
  const sum = error instanceof Unanswered ? error.sum : await sumOf(home);
  if (session?.imported_sha256 !== sum) throw error;
  return session;
}

async function letGo(folder: string, uuid: string, keepSource: boolean): Promise<string | null> {
  if (!keepSource) return remove(folder, uuid);
  await keep(folder, uuid);
  return null;
}

/**
 * An agent has the session, and its directory lies here still: an earlier adoption got that far. It goes when it is what came
 * to the agent and the session was not started since. Throws `uuid_taken` when it is not.
 */
export async function finish(folder: string, session: Session, keepSource: boolean): Promise<Adopted> {
  const { uuid } = session;
  const home = join(folder, sessionId.parse(uuid));
  return holding(folder, uuid, async () => {
    if (keepSource) await checkKept(folder, uuid);
    await survey(home);
    if (session.imported_sha256 === undefined || (await sumOf(home)) !== session.imported_sha256)
      throw new ConvocateError(
        "uuid_taken",
        `an agent has session ${JSON.stringify(session.name)} with UUID ${uuid}, and it is not what lies in ${home} now`,
      );
    return { session, left: await letGo(folder, uuid, keepSource) };
  });
}

/** From elsewhere the shell host does it itself: only it can read what lies on it. */
async function adoptThere(
  verb: Extract<OrphanPlace, { verb: unknown }>["verb"],
  { orphan, agentId, addressing: { name, port, protocol, dns_name }, keepSource }: Adopting,
): Promise<Adopted> {
  const portText = port === -1 ? "auto" : port === 0 ? "none" : String(port);
  const options = { agent: agentId, name, protocol, port: portText, "dns-name": dns_name };
  const words = Object.entries(options).map(([option, value]) => `--${option}=${quote(value)}`);
  const said = verb("adopt", orphan.uuid, ...words, ...(keepSource ? ["--keep-source"] : []), "--json");
  said.end();
  try {
    // Of its own fields the agent's are told.
    return { session: sessionSchema.parse(dropNulls(JSON.parse(await text(said)))), left: null };
  } catch (error) {
    throw fault(error, "copy_failed", "the shell host");
  }
}

/** `--json` tells every field, null where there is nothing. */
function dropNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** A word of a command line for the shell host. */
const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Removes an orphan and everything in it; see `remove`. */
export async function removeOrphan(place: OrphanPlace, uuid: string): Promise<string | null> {
  if ("verb" in place) {
    const said = place.verb("rm", uuid, "--json");
    said.end();
    await text(said).catch((error: unknown) => {
      throw fault(error, "internal", "the shell host");
    });
    return null;
  }
  return holding(place.folder, uuid, () => remove(place.folder, uuid));
}
