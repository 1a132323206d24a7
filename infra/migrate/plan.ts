import { z } from "zod";
import { isDnsName, isSessionName } from "../../protocol/addressing.ts";
import { portProtocol } from "../../protocol/session.ts";

/** What identifies a session to a host; the rest of its metadata travels unread. */
const metadata = z.looseObject({
  uuid: z.string(),
  name: z.string(),
  port: z.number().optional(),
  protocol: z.string().optional(),
  dns_name: z.string().optional(),
  last_accessed: z.string().optional(),
});
export type Metadata = z.infer<typeof metadata>;

/** What facts.ts tells of a host. */
export const hostFacts = z.object({
  agent_id: z.string().nullable(),
  /** The session's directory is here. */
  home: z.boolean(),
  metadata: metadata.nullable().catch(null),
  /** The metadata's copy in the home, which the session may have written. */
  copy: z.unknown(),
  running: z.boolean(),
  /** Of the home, on disk. */
  bytes: z.number(),
  files: z.number(),
  /** In bytes, from the home. */
  longest_path: z.number(),
  free_bytes: z.number(),
  total_bytes: z.number(),
  /** How many files more the filesystem of the homes takes; null: it does not say. */
  free_files: z.number().nullable(),
  sessions: z.array(z.unknown()).transform((all) => all.flatMap((one) => metadata.safeParse(one).data ?? [])),
  /** The sum of the stream that the session came in, until the move is over. */
  moved: z.string().nullable(),
});
export type HostFacts = z.infer<typeof hostFacts>;

/** A host's facts and the name of the host. */
export interface End {
  name: string;
  facts: HostFacts;
}

/** What the session shall have at the target instead of what it has; `port` null: none. */
export interface Change {
  port?: number | null;
  dnsName?: string | null;
}

/** Why a session stays where it is, and what to do about it. */
export class Refusal extends Error {
  readonly kind: "notFound" | "refused";
  readonly remedy: string;
  constructor(kind: Refusal["kind"], message: string, remedy: string) {
    super(message);
    this.name = "Refusal";
    this.kind = kind;
    this.remedy = remedy;
  }
}

export type Plan =
  /** Copy it, and let the source go. */
  | { kind: "move"; metadata: Metadata }
  /** An earlier run copied it: the source goes if it is what was copied. */
  | { kind: "finish"; sum: string }
  /** An earlier run did everything but say so. */
  | { kind: "over" };

/** The agent starts nothing on a filesystem that is fuller. */
const fullest = 0.9;

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/** Decides what is to be done; throws a Refusal. Nothing was touched yet. */
export function planMove(uuid: string, source: End, target: End, change: Change): Plan {
  if (target.facts.agent_id === null)
    throw new Refusal(
      "refused",
      `${target.name} is no agent host`,
      "Name an agent of the stack with --agent.",
    );
  const here = source.facts.home || source.facts.metadata !== null;
  const there = target.facts.home || target.facts.metadata !== null;
  if (there && target.facts.moved !== null) return here ? finish(source, target) : { kind: "over" };
  if (!here)
    throw new Refusal(
      "notFound",
      `${source.name} has no session ${uuid}`,
      "See `convocate ls --json` for where it is.",
    );
  refuseRunning(source);
  if (there)
    throw new Refusal(
      "refused",
      `${target.name} has a session with UUID ${uuid} already`,
      `Remove one of the two: nothing tells which is right.`,
    );
  if (!source.facts.home)
    throw new Refusal(
      "refused",
      `the home of ${uuid} is missing on ${source.name}`,
      "Restore it, or delete the session.",
    );
  refuseDepth(source);
  refuseSpace(source, target);
  const moved = changed(metadataOf(uuid, source.facts), change);
  refuseCollisions(moved, target);
  return { kind: "move", metadata: moved };
}

function finish(source: End, target: End): Plan {
  refuseRunning(source);
  const [before, after] = [source.facts.metadata?.last_accessed, target.facts.metadata?.last_accessed];
  if (target.facts.running || (before !== undefined && before !== after))
    throw new Refusal(
      "refused",
      `an earlier move copied the session to ${target.name}, and it was used since`,
      `Remove the one that you do not want, on ${source.name} or on ${target.name}.`,
    );
  return { kind: "finish", sum: target.facts.moved ?? "" };
}

function refuseRunning({ name, facts }: End): void {
  if (facts.running)
    throw new Refusal("refused", `the session runs on ${name}`, "Kill it first: `convocate kill`.");
}

/** The kernel takes names of 4095 bytes (PATH_MAX); tar puts some of its own before one that it gives an access list. */
const longestPath = 4_000;

function refuseDepth({ name, facts: { longest_path } }: End): void {
  if (longest_path <= longestPath) return;
  throw new Refusal(
    "refused",
    `a file of the session lies so deep on ${name} that its path has ${String(longest_path)} bytes, and no more than ${String(longestPath)} can be unpacked`,
    "Move or remove it in the session: `find -printf '%P\\n' | awk 'length > 4000'` finds it.",
  );
}

function refuseSpace({ facts: { bytes, files } }: End, { name, facts }: End): void {
  const { free_bytes, total_bytes, free_files } = facts;
  if (free_files !== null && files > free_files)
    throw new Refusal(
      "refused",
      `${name} has no room: the home has ${String(files)} files, and the filesystem there takes ${String(free_files)} more`,
      "Remove files there, or choose another agent.",
    );
  const used = total_bytes - free_bytes;
  if (used + bytes <= total_bytes * fullest) return;
  throw new Refusal(
    "refused",
    `${name} has no room: the home takes ${gib(bytes)}, ${gib(free_bytes)} of ${gib(total_bytes)} are free, and 10 % must stay so`,
    "Make room there, or choose another agent.",
  );
}

function refuseCollisions({ port, protocol = "tcp", dns_name }: Metadata, { name, facts }: End): void {
  const samePort = facts.sessions.find(
    (other) =>
      port !== undefined && port !== 0 && other.port === port && (other.protocol ?? "tcp") === protocol,
  );
  if (samePort)
    throw new Refusal(
      "refused",
      `port ${String(port)}/${protocol} belongs to session "${samePort.name}" on ${name}`,
      "Give it another there: --port PORT, or --port none.",
    );
  const sameName = facts.sessions.find(
    (other) => dns_name !== undefined && dns_name !== "" && other.dns_name === dns_name,
  );
  if (sameName)
    throw new Refusal(
      "refused",
      `DNS name ${String(dns_name)} belongs to session "${sameName.name}" on ${name}`,
      "Give it another there: --dns-name NAME, or --dns-name none.",
    );
}

/** The agent's own metadata; of an orphan what its home says, as far as that grants nothing. */
function metadataOf(uuid: string, { metadata: own, copy }: HostFacts): Metadata {
  if (own) return own;
  const now = new Date().toISOString();
  const read = metadata.safeParse(copy).data;
  if (read?.uuid !== uuid)
    return { uuid, name: `recovered-${uuid.slice(0, 8)}`, created_at: now, last_accessed: now };
  const { name, created_at, last_accessed, port, protocol, dns_name } = read;
  const hasPort = port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535;
  const known = portProtocol.safeParse(protocol).data;
  return {
    uuid,
    // What no operator could have asked for is not believed.
    name: isSessionName(name) ? name : `recovered-${uuid.slice(0, 8)}`,
    created_at: isTime(created_at) ? created_at : now,
    last_accessed: isTime(last_accessed) ? last_accessed : now,
    ...(hasPort && { port }),
    ...(known !== undefined && { protocol: known }),
    ...(dns_name !== undefined && isDnsName(dns_name) && { dns_name }),
  };
}

const isTime = (text: unknown): text is string =>
  typeof text === "string" && /^[\dT:.Z+-]{1,40}$/.test(text) && !Number.isNaN(Date.parse(text));

function changed(
  { port, dns_name, ...rest }: Metadata,
  { port: newPort = port, dnsName = dns_name }: Change,
): Metadata {
  return {
    ...rest,
    ...(newPort !== undefined && newPort !== null && { port: newPort }),
    ...(dnsName !== undefined && dnsName !== null && { dns_name: dnsName }),
  };
}
