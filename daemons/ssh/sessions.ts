import type { Connection as Ssh, ServerChannel, Session } from "ssh2";
import type { Log } from "../host/log.ts";
import type { Connection } from "./connection.ts";
import { takesPackets } from "./packet-size.ts";
import { refuseRequests } from "./refusals.ts";
import type { SendQueue } from "./send-queue.ts";
import type { Size, Subsystem, SubsystemSession } from "./subsystem.ts";
import { clampSize, safeTerm } from "./terminal-size.ts";

export interface Rooms {
  subsystems: Record<string, Subsystem>;
  /** Most open sessions of one connection, those that never asked for a subsystem included. */
  channels: number;
  sendQueue: SendQueue;
  log: Log;
}

/** Sessions of one connection that may be closed without a subsystem: ssh2 forgets none of them. */
const uselessMax = 1_000;

/** The only way in: a session channel that asks for one of our subsystems, at most `channels` at a time. */
export function guardSessions(ssh: Ssh, connection: Connection, rooms: Rooms): void {
  let sessions = 0;
  let useless = 0;
  ssh.on("session", (accept, reject) => {
    if (sessions >= rooms.channels) {
      connection.refuse(`more than ${String(rooms.channels)} channels`);
      reject();
      return;
    }
    sessions += 1;
    // At once: what arrives before is lost without a word.
    const session = accept();
    if (!takesPackets(session, connection)) return;
    refuseRequests(session, connection);
    const isUsed = guardSession(session, connection, rooms);
    session.once("close", () => {
      sessions -= 1;
      if (!isUsed()) useless += 1;
      if (useless > uselessMax) connection.end("too many sessions without a subsystem");
    });
  });
}

/** Returns what tells whether the session has become a subsystem. */
function guardSession(session: Session, connection: Connection, rooms: Rooms): () => boolean {
  const listeners: ((size: Size) => void)[] = [];
  let used = false;
  let pty: SubsystemSession["pty"] = null;

  session.on("pty", (accept, reject, info) => {
    if (!Object.values(rooms.subsystems).some((subsystem) => subsystem.pty)) {
      connection.refuse("pty");
      reject?.();
      return;
    }
    // The types leave the name of the terminal out; it is sent (RFC 4254 §6.2).
    const term: unknown = Reflect.get(info, "term");
    pty = {
      cols: clampSize(info.cols, 80),
      rows: clampSize(info.rows, 24),
      term: safeTerm(typeof term === "string" ? term : undefined),
    };
    accept?.();
  });
  session.on("window-change", (accept, _reject, info) => {
    const size = { cols: clampSize(info.cols, 80), rows: clampSize(info.rows, 24) };
    if (pty) pty = { ...pty, ...size };
    accept?.();
    for (const listener of listeners) listener(size);
  });
  session.on("subsystem", (accept, reject, info) => {
    const { principal } = connection;
    const subsystem = Object.hasOwn(rooms.subsystems, info.name) ? rooms.subsystems[info.name] : undefined;
    const refuse = (what: string) => {
      connection.refuse(what);
      reject?.();
    };
    if (used) return refuse("two subsystems on one channel");
    if (!subsystem || !principal) return refuse(`subsystem ${JSON.stringify(info.name)}`);
    if (pty && !subsystem.pty) return refuse(`pty on ${info.name}`);
    const channel: ServerChannel | undefined = accept();
    // The session was ended before it asked.
    if (!channel) return refuse(`${info.name} on an ended channel`);
    used = true;
    connection.opened.set(info.name, (connection.opened.get(info.name) ?? 0) + 1);
    const onResize = (listener: (size: Size) => void) => void listeners.push(listener);
    keep(channel, connection);
    rooms.sendQueue.join(channel);
    const ended = () => connection.ended;
    open(subsystem, { principal, remote: connection.remote, channel, pty, onResize, ended }, rooms.log);
  });
  return () => used;
}

function keep(channel: ServerChannel, connection: Connection): void {
  connection.channels.add(channel);
  channel.on("error", () => {});
  channel.once("close", () => connection.channels.delete(channel));
}

/** A defect in one subsystem ends its channel; thrown into ssh2's parser it would end the connection. */
function open(subsystem: Subsystem, session: SubsystemSession, log: Log): void {
  try {
    subsystem.open(session);
  } catch (error) {
    log.error({ err: error, remote: session.remote }, "subsystem failed to open");
    session.channel.exit(1);
    session.channel.end();
    session.channel.resume();
  }
}
