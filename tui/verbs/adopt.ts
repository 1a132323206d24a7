import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { ConvocateError, type ErrorCode } from "../../protocol/errors.ts";
import type { FleetAgent } from "../../protocol/fleet.ts";
import type { Orphan } from "../../protocol/orphan.ts";
import { sessionId } from "../../protocol/session.ts";
import type { FleetSnapshot } from "../client/fleet-socket.ts";
import type { AgentPool } from "../client/pool.ts";
import { finish, type Addressing, type Adopted } from "../orphans/adopt.ts";
import { progress } from "../orphans/progress.ts";
import { adoptAudited, audited, leftText } from "../orphans/operations.ts";
import { clean } from "../render/clean.ts";
import { printJson, type Context } from "./context.ts";
import { withFleet } from "./on-agent.ts";
import { portOf } from "./port.ts";
import { resolveNewAgent, resolveOrphan } from "./resolve.ts";
import { sessionJson } from "./session-json.ts";

export interface AdoptOptions {
  agent?: string;
  name?: string;
  port?: string;
  protocol?: string;
  dnsName?: string;
  keepSource?: boolean;
  json?: boolean;
}

interface Done extends Adopted {
  agent: FleetAgent | undefined;
  agentId: string;
}

/** Makes an orphan of the shell host a session. Broken off anywhere, it is run again: it begins anew, or finishes. */
export async function adoptOrphan(context: Context, wanted: string, options: AdoptOptions): Promise<void> {
  await withFleet(context, async (fleet, pool) => {
    const done =
      (await finished(context, { fleet, pool, wanted, options })) ??
      (await begun(context, { fleet, pool, wanted, options }));
    const json = sessionJson({ ...done.session, agent_id: done.agentId }, done.agent);
    if (done.left !== null) context.stderr.write(`convocate: ${leftText(done.left)}\n`);
    if (options.json) return printJson(context, json);
    context.stdout.write(`adopted ${clean(json.name)} ${json.uuid} on ${clean(json.host ?? done.agentId)}\n`);
  });
}

interface Asked {
  fleet: FleetSnapshot;
  pool: AgentPool;
  wanted: string;
  options: AdoptOptions;
}

/** What an earlier run left to do: the agent has the session, and its directory lies here. Null: there is no such thing. */
async function finished(context: Context, { fleet, pool, wanted, options }: Asked): Promise<Done | null> {
  const { orphans } = context.access;
  const known = fleet.sessions.find(({ uuid }) => uuid === wanted);
  if (!known || !("folder" in orphans) || !(await isThere(orphans.folder, wanted))) return null;
  const { agent_id: agentId, uuid, name } = known;
  const session = await pool.call(agentId, "get", { id: uuid });
  const adopted = await audited(context, { verb: "adopt", agent_id: agentId, session: uuid, name }, () =>
    finish(orphans.folder, session, options.keepSource ?? false),
  );
  return { ...adopted, agentId, agent: fleet.agents.find(({ agent_id }) => agent_id === agentId) };
}

/** Ids of agents of others may be anything. */
const isThere = async (folder: string, uuid: string): Promise<boolean> =>
  sessionId.safeParse(uuid).success &&
  lstat(join(folder, uuid)).then(
    (stat) => stat.isDirectory(),
    () => false,
  );

async function begun(context: Context, { fleet, pool, wanted, options }: Asked): Promise<Done> {
  const orphan = resolveOrphan(fleet, wanted);
  const agent = resolveNewAgent(fleet, options.agent ?? "auto");
  const { agent_id: agentId } = agent;
  const say = progress(orphan.name, (line) => {
    // For people: a script wants to hear the end alone.
    if (Reflect.get(context.stderr, "isTTY") === true) context.stderr.write(`${line}\n`);
  });
  const adopting = {
    orphan,
    agentId,
    addressing: addressingOf(orphan, options),
    keepSource: options.keepSource ?? false,
    say,
  };
  const adopted = await adoptAudited(context, pool.link(agentId), adopting).catch((error: unknown) => {
    throw error instanceof ConvocateError ? withFix(error) : error;
  });
  return { ...adopted, agent, agentId };
}

function addressingOf(orphan: Orphan, { name, port, protocol, dnsName }: AdoptOptions): Addressing {
  return {
    name: name ?? orphan.name,
    port: port === undefined ? (orphan.port ?? 0) : portOf(port),
    protocol: protocol ?? (orphan.protocol || "tcp"),
    dns_name: dnsName ?? orphan.dns_name ?? "",
  };
}

/** What is to be done about what an orphan may bring along. */
const fixes: Partial<Record<ErrorCode, string>> = {
  port_taken: "--port auto gives it a free one, --port none leaves it without",
  port_invalid: "--port auto gives it a free one, --port none leaves it without",
  protocol_invalid: "--protocol gives it another",
  dns_name_taken: "--dns-name gives it another",
  dns_name_invalid: "--dns-name gives it another",
  name_invalid: "--name gives it another",
};

function withFix({ code, message }: ConvocateError): ConvocateError {
  const fix = fixes[code];
  return new ConvocateError(code, fix === undefined ? message : `${message}: ${fix}`);
}
