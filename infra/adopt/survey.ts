import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "ssh2";
import { z } from "zod";
import { runAsRoot } from "../ssh/connect.ts";

const text = z.base64().transform((encoded) => Buffer.from(encoded, "base64").toString().trim());
const lines = text.transform((all) => all.split("\n").filter((line) => line !== ""));
const words = (line: string) => line.split(" ");

/** `name:x:uid:gid:…:home:shell` */
const users = lines.transform((all) => {
  const byName = new Map<string, number>();
  for (const [name = "", , uid = ""] of all.map((line) => line.split(":"))) byName.set(name, Number(uid));
  return byName;
});

/** What survey.sh tells of a host. */
export const facts = z.object({
  /** `debian 12 amd64` */
  platform: text,
  /** The system's name, for people. */
  system: text,
  /** Uids of `convocate`, of `claude`, and of whoever has 1337. */
  users,
  /** Our release that the host runs; empty: none. */
  release: text,
  /** `program` and what it says of its version, where there is one that is not ours. */
  agent_program: lines,
  agent_id: text,
  /** `ssh-ed25519 AAAA…`; empty: none that can be read. */
  agent_key: text,
  shell_host: text,
  shell_program: lines,
  status_unit: text,
  status_key: text,
  agents: lines.transform((all) =>
    all.map(words).map(([id = "", address = "", whose, pinned]) => ({
      id,
      address,
      ours: whose === "ours",
      pinned: pinned === "yes",
    })),
  ),
  /** Lines of its user's authorized_keys. */
  logins: lines,
  /** UUIDs of session directories. */
  sessions: lines,
  containers: lines.transform((all) =>
    all.map(words).map(([id = "", name = "", state = "", image = "", since = ""]) => ({
      id,
      session: name.replace(/^\/?convocate-session-/, ""),
      running: state === "running",
      image,
      since,
    })),
  ),
  /** An adoption was begun and has not come to its end; empty: no. */
  begun: text,
  /** What v2 left and nothing of ours reads. */
  remnants: lines,
});
export type Facts = z.infer<typeof facts>;

const source = (...path: string[]) => readFileSync(join(import.meta.dirname, ...path), "utf8");

/** Looks at a host, changing nothing there. */
export async function survey(client: Client): Promise<Facts> {
  const script = `${source("../steps/v2.sh")}\n${source("survey.sh")}`;
  return facts.parse(JSON.parse(await runAsRoot(client, { title: "looking for v2", script })));
}
