import type { FleetSession } from "../../protocol/fleet.ts";
import { anAgent, anOrphan, withOrphans } from "../state/fleet.fake.ts";

/** Names that would act on a terminal, hide, reorder or spill, if they were let. */
const hostileNames = [
  "\x1b[2J\x1b]0;pwned\x07\x1b[31m",
  "\u009b2J\u0090q\u009c\u0085",
  "abc\u202egnp.exe\u202c\u2066x\u2069",
  "\u200b\u200d\u2060\ufeff\u00ad",
  "שלום עולם",
  "مرحبا",
  "漢字かな交じり文",
  "👨‍👩‍👧‍👦🏳️‍🌈e\u0301\u0301\u0301\u0301\u0301",
  "two\r\nlines\u2028\u2029\t",
  "\ud800half",
  "\u{e0041}\u{e007f}",
  "\x1b(0\x0e\x1bc",
  "",
  " ".repeat(80),
  "x".repeat(500),
];

/** A session for each hostile name, everywhere a session has text. */
const hostileSessions = (agent_id: string): FleetSession[] =>
  hostileNames.map((name, i) => ({
    uuid: `${String(i).padStart(8, "0")}-0000-4000-8000-000000000000`,
    name,
    agent_id,
    created_at: name,
    last_accessed: new Date(2026, 0, 1, 0, i).toISOString(),
    state: (["stopped", "locked", "running", "connected"] as const)[i % 4],
    port: 80,
    protocol: name,
    dns_name: name,
    image: name,
    labels: { [name]: name },
  }));

/** Agents, sessions and orphans of such names. */
export const fleetOfHostiles = withOrphans(
  hostileNames
    .slice(0, 4)
    .map((host, i) => anAgent(i === 0 ? "a" : `a${String(i)}`, { host, version: host })),
  hostileSessions("a"),
  hostileNames.map((name, i) =>
    anOrphan(i, { name, created_at: name, port: 80, protocol: name, dns_name: name }),
  ),
);
