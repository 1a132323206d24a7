import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { encodeLine } from "../../protocol/codec.ts";
import type { FleetMessage } from "../../protocol/fleet.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import { keepAudit } from "./audit.ts";
import { Reader } from "./reader.ts";

/** How often readers are looked at, in milliseconds. */
const checkMs = 5_000;
/** How old a snapshot may be, in milliseconds: heartbeats in it change without a word. */
const snapshotMs = 1_000;

/** What the socket serves: the hub's side of it. */
export interface Served {
  snapshot(): FleetMessage;
  subscribe(listener: (changes: readonly FleetMessage[]) => void): () => void;
}

export interface LocalSocketOptions {
  path: string;
  /** Who may read beside the daemon's own user; its members are the operators. */
  group: string;
  served: Served;
  clock: Clock;
  log: Log;
}

/** Serves the fleet on a Unix socket of mode 0660: to each reader a snapshot, then changes, a JSON object a line. */
export async function serveLocally(options: LocalSocketOptions): Promise<{ close(): Promise<void> }> {
  const { path, served, clock, log } = options;
  const readers = new Map<Socket, Reader>();
  const now = () => clock.now().getTime();
  let encoded: { bytes: Buffer; at: number } | null = null;
  // Many readers may come or lag at once: one encoding serves them all until something changes, or a second has passed.
  const snapshot = () => {
    if (!encoded || now() - encoded.at > snapshotMs)
      encoded = { bytes: Buffer.from(encodeLine(served.snapshot())), at: now() };
    return encoded.bytes;
  };
  const source = { snapshot, now };
  const unsubscribe = served.subscribe((changes) => {
    encoded = null;
    if (readers.size === 0) return;
    const bytes = Buffer.from(changes.map(encodeLine).join(""));
    for (const reader of readers.values()) reader.send(bytes);
  });
  const server = createServer((socket) => {
    socket.once("close", () => readers.delete(socket));
    readers.set(socket, new Reader(socket, source));
    keepAudit(socket, log);
  });

  await removeStale(path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.on("error", (error) => log.error({ path, err: error }, "local socket"));
    // Nobody may connect between the socket's birth and its mode; bind is synchronous.
    const before = process.umask(0o177);
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(before);
    }
  });
  share(path, options.group, log);
  const check = () => {
    for (const reader of readers.values()) reader.check();
    cancel = clock.after(checkMs, check);
  };
  let cancel = clock.after(checkMs, check);

  return {
    async close() {
      cancel();
      unsubscribe();
      // Closing removes the socket's file too.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of readers.keys()) socket.destroy();
      await closed;
    },
  };
}

/** Removes the socket of a daemon that died; refuses to take the place of one that lives. */
async function removeStale(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket()) throw new Error(`${path} is not a socket; move it away or give another --socket`);
  const lives = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", () => resolve(false));
  });
  if (lives) throw new Error(`another status daemon serves ${path}; stop it or give another --socket`);
  unlinkSync(path);
}

function share(path: string, group: string, log: Log): void {
  const gid = groupId(group);
  try {
    if (gid === null) throw new Error(`there is no group ${group}`);
    chownSync(path, -1, gid);
  } catch (error) {
    log.warn({ path, group, err: error }, "the socket keeps the daemon's own group");
  }
  chmodSync(path, 0o660);
}

function groupId(group: string): number | null {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${group}:`));
  const gid = Number(line?.split(":")[2]);
  return line === undefined || !Number.isInteger(gid) ? null : gid;
}
