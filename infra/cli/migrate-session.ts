import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import { z } from "zod";
import { isDnsName } from "../../protocol/addressing.ts";
import { exitStatus } from "../../protocol/errors.ts";
import type { Fleet, FleetAgent, FleetHost } from "../config/fleet.ts";
import { connect, runAsRoot, ScriptFailed } from "../ssh/connect.ts";
import { moveSession, type Host } from "../migrate/move.ts";
import { Refusal, type Change } from "../migrate/plan.ts";
import { quote } from "../steps/script.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { MoveReport } from "./move-report.ts";
import { readPrivateKey } from "./private-key.ts";
import { StackFile } from "./stack-file.ts";
import { chooseStack } from "./stacks.ts";

export interface MigrateOptions {
  session: string;
  agent: string;
  from?: string;
  keepSource?: boolean;
  port?: string;
  dnsName?: string;
  stack?: string;
  json?: boolean;
}

const wholeUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const listed = z.object({ uuid: z.string().regex(wholeUuid), agent_id: z.string() });

/** How long the target's agent has to list what came; it reads its folder in milliseconds. */
const listingPatience = { tries: 60, pauseMs: 500 };

/** `migrate-session`: moves a stopped session, or an orphan of the shell host, to an agent. */
export async function migrateSession(context: Context, options: MigrateOptions): Promise<number> {
  const stack = chooseStack(context, options.stack);
  const fleet = StackFile.read(context.root, stack, { home: context.home }).fleet();
  const shell = fleet.shell;
  if (!shell) throw new CliError("notFound", `stack ${stack} has no shell host`, "Add one first.");
  const target = agentOf(fleet, options.agent);
  if (target.drain !== false)
    throw new CliError(
      "refused",
      `${target.name} is being drained: a session could not start there`,
      "Choose another agent, or take `drain` from it in the stack file and run `pulumi up`.",
    );
  const change = changeOf(options);
  const placed =
    options.from === undefined ? null : elsewhere(placedAt(fleet, options.from, options.session), target);
  const clients = new Clients(context);
  const report = new MoveReport(context, options.json ?? false);
  try {
    const shellHost = await clients.to(shell);
    const { uuid, source } =
      placed ?? elsewhere(await find(fleet, shellHost.client, options.session), target);
    const moved = await moveSession({
      uuid,
      source: await clients.to(source),
      target: await clients.to(target),
      keepSource: options.keepSource ?? false,
      change,
      say: (progress) => report.say(progress),
      isListed: () => isListed(shellHost.client, uuid, target.agentId),
    });
    report.done({ uuid, source: source.name, target: target.name, bytes: moved.bytes, sha256: moved.sum });
    return exitStatus.ok;
  } catch (error) {
    report.end();
    if (error instanceof Refusal) throw new CliError(error.kind, error.message, error.remedy);
    if (error instanceof CliError) throw error;
    throw new CliError(
      "failed",
      error instanceof Error ? error.message : String(error),
      "The session is whole where it was; run this again: it begins anew, or finishes.",
    );
  } finally {
    clients.end();
  }
}

/** Connections by host, each made once. */
class Clients {
  readonly #context: Context;
  readonly #made = new Map<string, Host>();

  constructor(context: Context) {
    this.#context = context;
  }

  async to({ name, connection }: FleetHost): Promise<Host> {
    const known = this.#made.get(name);
    if (known) return known;
    const { address, port, user, hostKey, privateKeyFile } = connection;
    const key = privateKeyFile === null ? {} : { privateKey: readPrivateKey(name, privateKeyFile) };
    if (hostKey === null)
      throw new CliError(
        "usage",
        `${name} is worked on without SSH, and sessions move by SSH`,
        `Let it be reached: \`convocate-host trust ${name}\` writes its \`hostKey\` into the stack file.`,
      );
    const endpoint = { host: address, port, user, hostKey, ...key };
    const client = await connect(endpoint, this.#context.agentSocket ?? "").catch((error: unknown) => {
      throw new CliError(
        "unreachable",
        `${name}: ${error instanceof Error ? error.message : String(error)}`,
        "Check that the host is on, and its address, user and key in the stack file.",
      );
    });
    const host = { name, client };
    this.#made.set(name, host);
    return host;
  }

  end(): void {
    for (const { client } of this.#made.values()) client.end();
  }
}

function agentOf(fleet: Fleet, wanted: string): FleetAgent {
  const found = fleet.agents.find(({ name, agentId }) => name === wanted || agentId === wanted);
  if (found) return found;
  throw new CliError(
    "notFound",
    `--agent: got ${wanted}, which is no agent of this stack: it has ${fleet.agents.map(({ name }) => name).join(", ") || "none"}`,
    "Name one of them by host name or id.",
  );
}

function changeOf({ port, dnsName }: MigrateOptions): Change {
  if (
    port !== undefined &&
    port !== "none" &&
    !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)
  )
    throw new CliError("usage", `--port: got ${port}`, "A port is 1 to 65535, or none.");
  return {
    ...(port !== undefined && { port: port === "none" ? null : Number(port) }),
    ...(dnsName !== undefined && { dnsName: dnsName === "none" ? null : checkedName(dnsName) }),
  };
}

/** As the agents have DNS names: in small letters. */
function checkedName(wanted: string): string {
  const name = wanted.toLowerCase();
  if (isDnsName(name)) return name;
  throw new CliError(
    "usage",
    `--dns-name: got ${JSON.stringify(wanted)}`,
    "A DNS name is labels of a-z, 0-9 and -, each 1 to 63, 253 in all; or none.",
  );
}

/** Asks the shell host, as its own `convocate` verbs do. Null: there is no such session. */
async function ask(client: Client, words: string): Promise<z.infer<typeof listed> | null> {
  const script = `exec runuser -u convocate -- /usr/local/bin/convocate get ${words} --json`;
  try {
    return listed.parse(JSON.parse(await runAsRoot(client, { title: "asking the shell host", script })));
  } catch (error) {
    if (error instanceof ScriptFailed && error.status === exitStatus.notFound) return null;
    throw error;
  }
}

/** A session, and the host that has it. */
interface Place {
  uuid: string;
  source: FleetHost;
}

function elsewhere(place: Place, target: FleetAgent): Place {
  if (place.source.name !== target.name) return place;
  throw new CliError(
    "refused",
    `the session is on ${target.name} already`,
    "Name another agent with --agent.",
  );
}

/** Where the operator says that it is. */
function placedAt(fleet: Fleet, from: string, session: string): Place {
  const hosts: FleetHost[] = [...fleet.agents, ...(fleet.shell ? [fleet.shell] : [])];
  const source = hosts.find((host) => host.name === from || ("agentId" in host && host.agentId === from));
  if (!source)
    throw new CliError(
      "notFound",
      `--from: got ${from}, which is no host of this stack`,
      `Name one of ${hosts.map(({ name }) => name).join(", ")}.`,
    );
  if (wholeUuid.test(session)) return { uuid: session, source };
  throw new CliError(
    "usage",
    `--session: got ${session}`,
    "With --from, name the session by its whole UUID.",
  );
}

/** Where the fleet says that it is. */
async function find(fleet: Fleet, shell: Client, session: string): Promise<Place> {
  const found = await ask(shell, quote(session));
  const source = fleet.agents.find(({ agentId }) => agentId === found?.agent_id);
  if (found && source) return { uuid: found.uuid, source };
  throw new CliError(
    "notFound",
    found
      ? `session ${session} is on agent ${found.agent_id}, which is not in this stack`
      : `no agent has a session ${session}`,
    "See `convocate ls`. For an orphan on the shell host, or one whose agent is down, name its host with --from.",
  );
}

async function isListed(shell: Client, uuid: string, agentId: string): Promise<boolean> {
  for (let left = listingPatience.tries; left > 0; left -= 1) {
    const found = await ask(shell, `${uuid} --agent ${quote(agentId)}`).catch(() => null);
    if (found?.agent_id === agentId) return true;
    await sleep(listingPatience.pauseMs);
  }
  return false;
}
