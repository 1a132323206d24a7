import { fingerprint, parsePublicKey } from "../../protocol/keys.ts";
import { readLogins } from "./logins.ts";
import type { Facts } from "./survey.ts";

/** What the stack file says of the host, and of the others. */
export interface Stack {
  /** Null: it is not there yet. */
  entry: { agentId?: string | undefined } | null;
  /** Names of other hosts: shell hosts, and agents by id. */
  otherShells: readonly string[];
  otherAgents: ReadonlyMap<string, string>;
  operators: Readonly<Record<string, string>>;
}

/** Why a host is not taken over, and what to do about it. */
export interface Refusal {
  what: string;
  remedy: string;
}

/** Settings of the host's entry by which it keeps what it has. */
export interface Kept {
  agentId?: string;
  agentHostKey?: string;
  statusHostKey?: string;
}

export type Plan =
  | { kind: "refused"; refusals: Refusal[] }
  | { kind: "nothing" }
  /** It is ours already, and something of v2 is left. */
  | { kind: "clean"; remnants: string[] }
  | {
      kind: "adopt";
      roles: ("shell" | "agent")[];
      kept: Kept;
      operators: Record<string, string>;
      /** Ids of containers that run and must run on. */
      running: string[];
      /** What stays, what is different afterwards, and what goes when ours work; for people. */
      keeps: string[];
      loses: string[];
      removes: string[];
    };

const supported = /^(debian 1[2-9]|debian [2-9]\d|ubuntu 2[2-9]\.|ubuntu [3-9]\d\.)\S* (amd64|arm64)$/;

/** A shell host may have the agent's program without being one. */
const rolesOf = ({ agent_id, status_unit }: Facts): ("shell" | "agent")[] => [
  ...(status_unit === "" ? [] : (["shell"] as const)),
  ...(agent_id === "" ? [] : (["agent"] as const)),
];

/** `convocate-agent version v2.3.0` of the second line; null: that is not v2. */
const versionOf = ([, said = ""]: readonly string[]) =>
  /(?:^|\s)v?(2(?:\.\d+)+\S*)\s*$/.exec(said)?.[1] ?? null;

function versionRefusals(facts: Facts): Refusal[] {
  const programs = [
    ["convocate-agent", facts.agent_program],
    ["convocate", facts.shell_program],
  ] as const;
  return programs
    .filter(([, program]) => program.length > 0 && versionOf(program) === null)
    .map(([name, [, said]]) => ({
      what: `the version of its ${name} is not known: it says ${JSON.stringify((said ?? "").slice(0, 60))}`,
      remedy: "Bring it to the last release of v2 first; only 2.x is taken over.",
    }));
}

function hostRefusals({ platform, system, users }: Facts): Refusal[] {
  const refusals: Refusal[] = [];
  if (!supported.test(platform))
    refusals.push({
      what: `${system} (${platform.split(" ").at(-1) ?? ""}) is not supported`,
      remedy:
        "Use Debian 12 or newer, or Ubuntu 22.04 or newer, on amd64 or arm64: make another agent and move the sessions there.",
    });
  if (!users.has("convocate"))
    refusals.push({
      what: users.has("claude")
        ? "its sessions belong to the user `claude`, as with early releases of v2"
        : "it has no user `convocate`",
      remedy: "Bring it to the last release of v2 first, whose user is `convocate`.",
    });
  const other = [...users].find(([name, uid]) => name !== "convocate" && uid === 1337)?.[0];
  if (users.has("convocate") && other !== undefined && users.get("convocate") !== 1337)
    refusals.push({
      what: `uid 1337 belongs to ${other}`,
      remedy: "Free it: provisioning wants it for `convocate` alone.",
    });
  return refusals;
}

function agentRefusals(
  { agent_id }: Facts,
  { entry, otherShells, otherAgents }: Stack,
  alsoShell: boolean,
): Refusal[] {
  const refusals: Refusal[] = [];
  if (!/^[a-z0-9-]{1,64}$/.test(agent_id))
    refusals.push({
      what: `its agent id ${JSON.stringify(agent_id.slice(0, 80))} is none: 1 to 64 of a-z, 0-9 and -`,
      remedy: "See /etc/convocate-agent/agent-id there.",
    });
  const twin = otherAgents.get(agent_id);
  if (twin !== undefined)
    refusals.push({
      what: `its agent id ${agent_id} is that of ${twin} in the stack file`,
      remedy: `One of the two is a copy: set the copy up anew, or, if ${twin} is this machine, adopt ${twin}.`,
    });
  if (entry?.agentId !== undefined && entry.agentId !== agent_id)
    refusals.push({
      what: `its agent id is ${agent_id}, and its entry in the stack file says ${entry.agentId}`,
      remedy: "Take agentId out of the entry, or correct it.",
    });
  if (!alsoShell && otherShells.length === 0)
    refusals.push({
      what: "the stack has no shell host for this agent",
      remedy:
        "Take over the shell host first: `convocate-host adopt`; or make one: `convocate-host init-shell`.",
    });
  return refusals;
}

const print = (line: string) => fingerprint(parsePublicKey(line)?.blob ?? Buffer.of());
const count = (number: number, what: string) => `${String(number)} ${what}${number === 1 ? "" : "s"}`;

/** Decides what is to be done. Nothing was touched yet. */
export function planAdoption(facts: Facts, stack: Stack): Plan {
  const { begun, release, remnants, agent_program, shell_program } = facts;
  const isOld =
    (agent_program.length > 0 && facts.agent_id !== "") ||
    (shell_program.length > 0 && facts.status_unit !== "");
  if (!isOld && begun === "") {
    if (release === "" || stack.entry === null) {
      const what =
        release === ""
          ? "there is no convocate v2 on it"
          : "it is no v2 host: it belongs to a fleet already, not to this stack";
      const remedy =
        release === ""
          ? "A machine that is new is made a host with `init-shell` or `init-agent`."
          : "Take it out of the other stack first.";
      return { kind: "refused", refusals: [{ what, remedy }] };
    }
    return remnants.length === 0 ? { kind: "nothing" } : { kind: "clean", remnants };
  }
  const roles = rolesOf(facts);
  const refusals = [
    ...hostRefusals(facts),
    ...versionRefusals(facts),
    ...(roles.includes("agent") ? agentRefusals(facts, stack, roles.includes("shell")) : []),
    ...(roles.includes("shell") && stack.otherShells.length > 0
      ? [
          {
            what: `the stack has a shell host already: ${stack.otherShells.join(", ")}`,
            remedy: "A fleet has exactly one: adopt this one into a stack of its own.",
          },
        ]
      : []),
  ];
  return refusals.length > 0 ? { kind: "refused", refusals } : adoption(facts, stack, roles);
}

function adoption(facts: Facts, stack: Stack, roles: ("shell" | "agent")[]): Plan {
  const { agent_id, agent_key, status_key, sessions, users, remnants } = facts;
  const running = facts.containers.filter((container) => container.running);
  const isShell = roles.includes("shell");
  const isAgent = roles.includes("agent");
  const { operators, lost } = isShell
    ? readLogins(facts.logins, stack.operators)
    : { operators: {}, lost: [] };
  const later = facts.agents.filter(({ id, ours }) => !ours && id !== agent_id);
  return {
    kind: "adopt",
    roles,
    kept: {
      ...(isAgent && { agentId: agent_id }),
      ...(isAgent && agent_key !== "" && { agentHostKey: agent_key }),
      ...(isShell && status_key !== "" && { statusHostKey: status_key }),
    },
    operators,
    running: running.map(({ id }) => id),
    keeps: [
      ...(isAgent ? [`agent id ${agent_id}`] : []),
      ...(isAgent && agent_key !== "" ? [`the agent's host key ${print(agent_key)}`] : []),
      ...(isShell && status_key !== "" ? [`the status daemon's host key ${print(status_key)}`] : []),
      `user convocate, uid ${String(users.get("convocate") ?? 0)}`,
      ...(isAgent
        ? [`${count(sessions.length, "session")}, of which ${String(running.length)} run and run on`]
        : []),
      ...Object.keys(operators).map((name) => `login of ${name}, as an operator of the stack`),
      ...later.map(
        ({ id, address }) =>
          `agent ${id} at ${address}, as it is, with v2's log authority, until it is adopted`,
      ),
    ],
    loses: [
      ...(running.length > 0
        ? [
            "a restart of the engine ends what v2 started in it: restart those sessions when it suits, they are ours then",
          ]
        : []),
      ...(isAgent && agent_key === "" ? ["the agent's host key cannot be read: it gets another"] : []),
      ...later
        .filter(({ pinned }) => !pinned)
        .map(
          ({ id }) =>
            `operating agent ${id} until it is adopted: v2 never looked at its host key, and ours do`,
        ),
      ...lost.map((key) => `login with ${key}: operators' keys are ed25519`),
      ...(isShell
        ? ["a shell of the user convocate: operators get the list of sessions and nothing else"]
        : []),
    ],
    removes: remnants,
  };
}
