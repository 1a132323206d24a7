import { lookup } from "node:dns/promises";
import { mkdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { dirname } from "node:path";
import { parseAddress } from "../../protocol/address.ts";
import type { ContestedName, FleetMessage } from "../../protocol/fleet.ts";
import { writeAtomically } from "../host/atomic-file.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import { DnsNames } from "./dns-names.ts";

/** Changes are gathered for so many milliseconds: a name is to be answered within a second of its session's create. */
const gatherMs = 100;

export interface HostsFileOptions {
  /** A file in dnsmasq's `hostsdir`, which it reads again whenever one in it changes. */
  file: string;
  /** Sessions' names end with it. */
  domain: string;
  subscribe: (listener: (changes: readonly FleetMessage[]) => void) => () => void;
  snapshot: () => FleetMessage;
  /** Hears, with every change, which names several sessions claim. */
  contested: (names: ContestedName[]) => void;
  clock: Clock;
  log: Log;
}

/** Keeps the hosts file true: written whole, and only when a line of it changes. Mode 0644: dnsmasq is another user. */
export async function keepHostsFile(options: HostsFileOptions): Promise<{ close(): Promise<void> }> {
  const { file, domain, clock, log } = options;
  await mkdir(dirname(file), { recursive: true });
  let written = await readFile(file, "utf8").catch(() => "");
  const names = new DnsNames(domain, written);
  const resolved = new Map<string, string>();
  let turn: Promise<void> = Promise.resolve();
  let cancel: (() => void) | null = null;

  /** The addresses of agents are names where the stack says so. */
  function resolve(line: string): string | undefined {
    const { address } = parseAddress(line);
    if (isIP(address)) return address;
    if (!resolved.has(address)) {
      lookup(address).then(
        ({ address: ip }) => {
          resolved.set(address, ip);
          later();
        },
        (error: unknown) => log.warn({ err: error, address }, "an agent's address has no IP address"),
      );
    }
    return resolved.get(address);
  }
  async function write(): Promise<void> {
    const text = names
      .lines(resolve)
      .map((line) => `${line}\n`)
      .join("");
    options.contested(names.contested());
    if (text === written) return;
    await writeAtomically(file, text, 0o644);
    written = text;
  }
  function later(): void {
    cancel ??= clock.after(gatherMs, () => {
      cancel = null;
      turn = turn
        .then(write)
        .catch((error: unknown) => log.error({ err: error, file }, "sessions' names could not be written"));
    });
  }
  names.apply(options.snapshot());
  const unsubscribe = options.subscribe((changes) => {
    if (changes.filter((change) => names.apply(change)).length > 0) later();
  });
  return {
    async close() {
      unsubscribe();
      cancel?.();
      await turn;
    },
  };
}
