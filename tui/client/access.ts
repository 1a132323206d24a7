import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { AuditEntry } from "../../protocol/fleet.ts";
import { encodeLine } from "../../protocol/codec.ts";
import { gatherWrites } from "../../protocol/gather-writes.ts";
import { readRegistration, type Registration } from "./registry.ts";

/** How the fleet is reached: on the shell host itself, or from elsewhere by way of it. */
export interface Access {
  /** The status daemon's local side. */
  openFleet(): Duplex;
  /** Read anew at every dial: keys may have been rotated since the last one. */
  registration(agentId: string): Promise<Registration>;
  /** Bytes to and from an agent's port. */
  openAgent(agent: Registration): Duplex;
  /** Where the shell host's session directories are: in a folder here, or behind verbs of the shell host's own. */
  orphans: OrphanPlace;
}

/** `verb`: runs a verb there; what it prints, and its end is the verb's. */
export type OrphanPlace = { folder: string } | { verb: (...words: string[]) => Duplex };

/** Where things are on the shell host. */
export interface LocalPlaces {
  socket: string;
  agentKeys: string;
  /** Folder of session directories. */
  homes: string;
}

/** On the shell host: its socket, its registrations, its network. */
export function localAccess({ socket, agentKeys, homes }: LocalPlaces): Access {
  return {
    orphans: { folder: homes },
    openFleet: () => connect(socket),
    registration: (agentId) => readRegistration(agentKeys, agentId),
    openAgent({ address, port }) {
      const socket = connect({ host: address, port, noDelay: true });
      gatherWrites(socket);
      return socket;
    },
  };
}

/** Milliseconds that an audit log which does not answer is waited for. */
const auditWithin = 5_000;

/** Tells the shell host's audit log what was done. An operator is not kept from work by a log that is away. */
export function tellAudit(access: Access, entry: Omit<AuditEntry, "type">): Promise<void> {
  return new Promise((resolve) => {
    const stream = access.openFleet();
    const late = setTimeout(() => stream.destroy(), auditWithin);
    stream.on("error", () => {});
    stream.once("close", () => {
      clearTimeout(late);
      resolve();
    });
    // The other side hangs up when it has read all; hanging up first, with its snapshot unread, would reset what we said.
    stream.resume();
    stream.end(encodeLine({ type: "audit", ...entry }));
  });
}
