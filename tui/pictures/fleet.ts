import type { Orphan } from "../../protocol/orphan.ts";
import type { Session } from "../../protocol/session.ts";
import { version } from "../../protocol/version.ts";

/** When the pictures are taken: 2026-01-01, 12:00 UTC. */
export const noon = Date.parse("2026-01-01T12:00:00Z");

/** RFC 3339; a unit is told as `s`, `m`, `h` or `d`. */
export function ago(age: string): string {
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[age.slice(-1)] ?? 1;
  return new Date(noon - Number.parseInt(age, 10) * unit * 1_000).toISOString();
}

const gib = 2 ** 30;

/** What an agent tells of its memory, cores and disk: promised, of how many. */
const capacity = (memory: [number, number], cpus: [number, number], disk: [number, number]) => ({
  memory_promised_bytes: memory[0] * gib,
  memory_bytes: memory[1] * gib,
  memory_used_bytes: memory[0] * 0.6 * gib,
  cpus_promised: cpus[0],
  cpus: cpus[1],
  cpus_used: cpus[0] / 4,
  disk_used_bytes: disk[0] * gib,
  disk_bytes: disk[1] * gib,
  sessions_running: 4,
});

/** The agents of the pictures; `down`: why it is out of reach. */
export const agents = [
  {
    id: "agent-a",
    health: "up",
    since: ago("6d"),
    capacity: capacity([20, 62], [10, 16], [180, 900]),
  },
  {
    id: "agent-b",
    health: "up",
    since: ago("2d"),
    capacity: capacity([8, 31], [4, 8], [95, 450]),
  },
  {
    id: "agent-c",
    health: "down",
    since: ago("4m"),
    reason: "connection lost",
    capacity: capacity([6, 15], [3, 4], [60, 220]),
  },
] as const;

interface Told extends Pick<Session, "name" | "state" | "port" | "protocol" | "dns_name"> {
  agent: string;
  operators?: string[];
  created_at?: string;
  /** How long ago it was used, and has been in its state. */
  used: string;
  since: string;
}

const told: Told[] = [
  {
    agent: "agent-a",
    name: "billing-api",
    used: "2m",
    since: "3h",
    state: "connected",
    port: 8080,
    dns_name: "billing",
    operators: ["alice", "bob"],
  },
  { agent: "agent-b", name: "docs", used: "9m", since: "9m", state: "running", port: 4000, dns_name: "docs" },
  { agent: "agent-a", name: "翻訳サービス", used: "25m", since: "2h", state: "running" },
  {
    agent: "agent-b",
    name: "billing-next",
    used: "1h",
    since: "1h",
    state: "running",
    port: 8080,
    dns_name: "billing",
    created_at: ago("1d"),
  },
  { agent: "agent-c", name: "importer", used: "3h", since: "5h", state: "running", port: 5432 },
  { agent: "agent-c", name: "importer-tests", used: "4h", since: "4h", state: "stopped" },
  {
    agent: "agent-a",
    name: "resolver",
    used: "7h",
    since: "7h",
    state: "running",
    port: 53,
    protocol: "udp",
  },
  { agent: "agent-a", name: "try-postgres-18", used: "2d", since: "2d", state: "locked" },
  { agent: "agent-b", name: "old-website", used: "40d", since: "40d", state: "stopped", dns_name: "www" },
];

/** The sessions of the pictures, by their agents. */
export const sessions = told.map(
  ({ agent, used, since, created_at = ago("50d"), ...more }, i): Session & { agent_id: string } => ({
    uuid: `${String(i + 1).repeat(8)}-0000-4000-8000-000000000000`,
    created_at,
    last_accessed: ago(used),
    state_since: ago(since),
    agent_id: agent,
    image: `convocate:${version}`,
    running: more.state === "running" || more.state === "connected",
    ...more,
  }),
);

/** Two sessions want to be `billing`: the older one is. */
export const contested = sessions
  .filter(({ name }) => name === "billing-api")
  .map(({ agent_id, uuid }) => ({ name: "billing", agent_id, session_id: uuid }));

/** A session directory on the shell host that no agent claims. */
export const orphan: Orphan = {
  uuid: "0a0b0c0d-0000-4000-8000-000000000000",
  name: "thesis",
  created_at: ago("400d"),
  last_accessed: ago("90d"),
  dns_name: "thesis",
  bytes: 3.4 * gib,
};
