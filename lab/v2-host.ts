/** Hosts of convocate v2 for tests of taking them over. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./command.ts";
import type { Lab } from "./lab.ts";

const script = readFileSync(join(import.meta.dirname, "v2-host.sh"), "utf8");

/** What there is to know of a small fleet of v2. */
export interface OldFleet {
  agentId: string;
  /** UUIDs of two sessions: one runs. */
  session: string;
  orphan: string;
  /** Reference of the image on this machine that the session runs in. */
  image: string;
}

async function make(lab: Lab, host: string, fleet: OldFleet, role: string): Promise<void> {
  const address = async (name: string) => (await lab.host(name)).address;
  const inputs: Record<string, string> = {
    role,
    agent_id: fleet.agentId,
    session: fleet.session,
    orphan: fleet.orphan,
    operator_key: await lab.records.operatorKey(),
    shell_address: await address("shell-1"),
    agent_address: await address("agent-a"),
    other_address: "192.0.2.7",
    image: fleet.image,
  };
  const variables = Object.entries(inputs).map(([name, value]) => `${name}='${value}'\n`);
  const text = `${variables.join("")}${script}`;
  await must(["docker", "exec", "-i", lab.container(host), "bash", "-s"], {
    stdin: text,
    timeoutMs: 180_000,
  });
  // Debian's sudo marks a user's first use of it.
  await lab.ssh(host, "sudo -n true");
}

/** Makes shell-1 and agent-a what v2 would have made of them, with a session that runs. */
export async function makeOldFleet(lab: Lab, fleet: OldFleet): Promise<void> {
  const agent = async () => {
    await make(lab, "agent-a", fleet, "an_agent");
    const to = `docker exec -i ${lab.container("agent-a")} docker load --quiet`;
    await must(["bash", "-c", `set -o pipefail; docker save ${fleet.image} | ${to}`], { timeoutMs: 180_000 });
    await make(lab, "agent-a", fleet, "a_container");
  };
  await Promise.all([agent(), make(lab, "shell-1", fleet, "a_shell")]);
}
