import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { PlainClient } from "../../daemons/agent/client.fake.ts";
import { containerPrefix } from "../../daemons/docker/engine.ts";
import { must } from "../../lab/command.ts";
import { session } from "../../protocol/session.ts";
import type { AgentProcess } from "./agent-process.ts";
import { contentOf, type Content } from "./home.ts";

export interface Container {
  id: string;
  /** UUID of the session, from its name. */
  session: string;
  /** The engine's word for it. */
  state: string;
  running: boolean;
}

/** Everything there is to see of an agent at one moment: its list, its disk and the engine's containers. */
export interface Observation {
  listed: z.infer<typeof session>[];
  containers: Container[];
  /** Names of helper containers. */
  helpers: string[];
  /** Containers that have processes, by id, with the command of the first, where that can be told without the engine. */
  inhabited: ReadonlyMap<string, string>;
  /** What is in the folder of the homes, but for what the host put there. */
  homes: string[];
  /** What is in the folder of the metadata. */
  metadata: string[];
  /** Of every listed session whose home is there. */
  contents: ReadonlyMap<string, Content>;
}

/** How the engine is looked at, without the agent. */
export interface EngineView {
  /** The command line of the docker client. */
  docker: (...args: string[]) => string[];
  inhabited?: () => Promise<Map<string, string>>;
}

const hosts = new Set([".skel", ".claude"]);

const lines = async (argv: string[]) => (await must(argv)).split("\n").filter((line) => line !== "");

async function containersOf({ docker }: EngineView, agentId: string): Promise<Container[]> {
  const format = ["--no-trunc", "--format", "{{.ID}} {{.State}} {{.Names}}"];
  const found = await lines(docker("ps", "-a", "--filter", `label=convocate.agent=${agentId}`, ...format));
  return found.map((line) => {
    const [id = "", state = "", name = ""] = line.split(" ");
    return { id, session: name.slice(containerPrefix.length), state, running: state === "running" };
  });
}

export async function observe(
  agent: AgentProcess,
  client: PlainClient,
  view: EngineView,
): Promise<Observation> {
  const label = `label=convocate.helper=${agent.id}`;
  const [listed, containers, helpers, inhabited, homes, metadata] = await Promise.all([
    client.list().then((list) => z.array(session).parse(list)),
    containersOf(view, agent.id),
    lines(view.docker("ps", "-a", "--filter", label, "--format", "{{.Names}} ({{.Status}})")),
    view.inhabited?.() ?? new Map<string, string>(),
    readdir(agent.homes).then((names) => names.filter((name) => !hosts.has(name))),
    readdir(agent.sessions).catch(() => []),
  ]);
  const there = listed.map(({ uuid }) => uuid).filter((uuid) => homes.includes(uuid));
  const contents = new Map(there.map((uuid) => [uuid, contentOf(join(agent.homes, uuid))]));
  return { listed, containers, helpers, inhabited, homes, metadata, contents };
}

/** How much of each sort of half-done thing is on disk. */
export async function halfDone({ homes, sessions }: AgentProcess): Promise<Record<string, number>> {
  const names = [...(await readdir(homes)), ...(await readdir(sessions).catch(() => []))];
  const count = (pattern: RegExp) => names.filter((name) => pattern.test(name)).length;
  return {
    locks: count(/\.lock$/),
    "homes half made": count(/^\.new-/),
    "homes half removed": count(/^\.gone-/),
    "marks of making": count(/\.making$/),
    "marks of deleting": count(/\.gone$/),
  };
}
