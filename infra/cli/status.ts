import { z } from "zod";
import type { Fleet } from "../config/fleet.ts";
import type { Context } from "./context.ts";
import { exportedState } from "./exported-state.ts";
import { Placement } from "./resources.ts";
import { storedResources, type State, type Stored } from "./state.ts";
import { StackFile } from "./stack-file.ts";
import { chooseStack } from "./stacks.ts";
import { statusText } from "./status-text.ts";
import { readBuild, type Build } from "./version.ts";

const certificate = z.object({ step: z.string(), ends: z.string(), days: z.number() });

/** A host as `status --json` prints it. */
export const hostStatus = z.object({
  host: z.string(),
  roles: z.array(z.string()),
  address: z.string(),
  agent_id: z.string().nullable(),
  /** `leaving`: it is in the state, and no more in the stack file. */
  provisioned: z.enum(["no", "partly", "yes", "leaving"]),
  /** SHA-256 of the programs that were installed last. */
  app: z.string().nullable(),
  /** Whether these are the ones that an update would deliver; null: nothing was built or installed. */
  current: z.boolean().nullable(),
  updated_at: z.string().nullable(),
  certificates: z.array(certificate),
});
export type HostState = z.infer<typeof hostStatus>;

export const statusJson = z.object({
  stack: z.string(),
  domain: z.string(),
  shell: z.string().nullable(),
  hosts: z.array(hostStatus),
  /** What all hosts share, such as the log authority's. */
  certificates: z.array(certificate),
  outputs: z.record(z.string(), z.unknown()),
  /** Operations that an interrupted run left open; the next update settles them. */
  pending: z.number(),
});
export type Status = z.infer<typeof statusJson>;

const dayMs = 24 * 60 * 60 * 1000;

function certificatesOf(stored: readonly Stored[], now: number): z.infer<typeof certificate>[] {
  return stored.flatMap(({ step, resource }) => {
    const ends: unknown = resource.outputs?.["validityEndTime"];
    if (typeof ends !== "string") return [];
    return [{ step, ends, days: Math.floor((Date.parse(ends) - now) / dayMs) }];
  });
}

const installed = z.object({ app: z.string() });

/** What the install step said it did. */
function appOf(stored: readonly Stored[]): string | null {
  for (const { step, resource } of stored) {
    if (step !== "install") continue;
    try {
      const parsed = installed.safeParse(JSON.parse(z.string().parse(resource.outputs?.["stdout"])));
      if (parsed.success) return parsed.data.app;
    } catch {
      // What the step printed is no JSON: it did not get that far.
    }
  }
  return null;
}

function lastChange(stored: readonly Stored[]): string | null {
  const times = stored.filter(({ custom }) => custom).flatMap(({ resource }) => resource.modified ?? []);
  return times.sort().at(-1) ?? null;
}

/** The last step of each role: without it a host is not ready. */
const finalSteps = { shell: "init-shell", agent: "registration" } as const;

/** What the stack file and the state say together. */
export function readStatus(
  {
    stack,
    fleet,
    hosts,
  }: { stack: string; fleet: Pick<Fleet, "domain" | "shell" | "agents">; hosts: readonly string[] },
  state: State | null,
  build: Build,
  now: number,
): Status {
  const stored = state ? storedResources(state, new Placement(hosts)) : [];
  const of = (host: string | null) => stored.filter((resource) => resource.host === host);
  const known = [
    ...(fleet.shell ? [fleet.shell] : []),
    ...fleet.agents.filter(({ name }) => name !== fleet.shell?.name),
  ];
  const describe = (name: string, mine: readonly Stored[]) => {
    const app = appOf(mine);
    return {
      host: name,
      app,
      current: app === null || build.app === null ? null : app === build.app,
      updated_at: lastChange(mine),
      certificates: certificatesOf(mine, now),
    };
  };
  const present = known.map(({ name, roles, connection }): HostState => {
    const mine = of(name);
    const ready = roles.every((role) => mine.some(({ step }) => step === finalSteps[role]));
    return {
      ...describe(name, mine),
      roles,
      address: connection.address,
      agent_id: fleet.agents.find((agent) => agent.name === name)?.agentId ?? null,
      provisioned: ready ? "yes" : mine.some(({ custom }) => custom) ? "partly" : "no",
    };
  });
  const names = new Set(known.map(({ name }) => name));
  const gone = [...new Set(stored.flatMap(({ host }) => (host !== null && !names.has(host) ? host : [])))];
  const leaving = gone.map((name): HostState => ({
    ...describe(name, of(name)),
    roles: [],
    address: "",
    agent_id: null,
    provisioned: "leaving",
  }));
  const root = state?.deployment.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  return {
    stack,
    domain: fleet.domain,
    shell: fleet.shell?.name ?? null,
    hosts: [...present, ...leaving],
    certificates: certificatesOf(of(null), now),
    outputs: root?.outputs ?? {},
    pending: state?.deployment.pending_operations?.length ?? 0,
  };
}

/** `status`. No host is asked: how agents are now is `convocate agents` on the shell host. */
export async function status(context: Context, options: { stack?: string; json?: boolean }): Promise<number> {
  const stack = chooseStack(context, options.stack);
  const file = StackFile.read(context.root, stack, { home: context.home });
  const fleet = file.fleet();
  const state = await exportedState(context, stack);
  const found = readStatus(
    { stack, fleet, hosts: file.hosts },
    state,
    readBuild(context.root),
    context.now(),
  );
  context.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : statusText(found));
  return 0;
}
