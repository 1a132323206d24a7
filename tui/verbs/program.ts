import { readFileSync } from "node:fs";
import { Command } from "commander";
import { ConvocateError } from "../../protocol/errors.ts";
import { localAccess, type Access, type LocalPlaces } from "../client/access.ts";
import type { Reach } from "./completion-answer.ts";
import { completionVerbs } from "./completion.ts";
import type { Context } from "./context.ts";
import { doctorVerb } from "./doctor.ts";
import { fleetVerbs } from "./fleet-verbs.ts";
import { sessionVerbs } from "./session-verbs.ts";

/** Where things are. */
export interface Places extends LocalPlaces {
  /** `user@host` of the shell host, on other machines. */
  via: string | undefined;
  /** The ssh command. */
  ssh: readonly string[];
  /** Socket of the operator's ssh-agent. */
  agentSocket: string | undefined;
}

export interface ProgramOptions {
  /** Over SSH: without the options that name files of this machine. */
  remote: boolean;
  /** Called with what restores the terminal while a verb has it. */
  onTerminal: (restore: () => void) => void;
  /** Where things are unless options say otherwise. */
  places: Places;
  /** What happens without a verb. */
  list: () => Promise<void>;
}

/** The verbs. Each loads what it needs when it runs: `ls` is for scripts that call it often. */
export function program(context: Context, options: ProgramOptions): Command {
  const root = new Command("convocate")
    .description("Your AI coding sessions, on machines you own. Without a verb: the list.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    })
    .helpCommand(true)
    .allowExcessArguments()
    .action(async () => {
      const [unknown] = root.args;
      if (unknown !== undefined)
        root.error(`unknown verb ${JSON.stringify(unknown)}; see \`convocate help\``);
      await options.list();
    });
  let reach: Reach = () => Promise.resolve(context.access);
  if (!options.remote) {
    reach = placeOptions(root, context, options.places);
    provisioning(root, context);
  }
  fleetVerbs(root, context);
  sessionVerbs(root, context, options.onTerminal);
  doctorVerb(root, context, { remote: options.remote, agentKeys: options.places.agentKeys });
  completionVerbs(root, context, reach);
  plumbing(root, context);
  return root;
}

/** Verbs that are about this program alone: a fleet that cannot be reached is nothing to them. */
const alone: ReadonlySet<string> = new Set(["completion", "complete", "version"]);

/**
 * Options for whoever has a shell: where things are, or by way of which shell host the fleet is reached. Returns what tells
 * how it is reached with these options and more.
 */
function placeOptions(root: Command, context: Context, places: Places): Reach {
  root
    .option("--socket <path>", "the status daemon's socket", places.socket)
    .option("--agent-keys <folder>", "where agents are registered", places.agentKeys)
    .option("--homes <folder>", "where session directories are that no agent has", places.homes)
    .option("--via <user@host>", "reach the fleet through this shell host, by ssh", places.via)
    .option("--identity <file>", "with --via: the key that agents know you by, instead of your ssh-agent's");
  const reach: Reach = (more) => {
    const { via, identity, ...local } = { ...root.opts<Places & { identity?: string }>(), ...more };
    return via === undefined ? Promise.resolve(localAccess(local)) : accessVia(via, identity, places);
  };
  root.hook("preAction", async (_, verb) => {
    if (!alone.has(verb.name())) context.access = await reach({});
  });
  return reach;
}

async function accessVia(
  shell: string,
  identity: string | undefined,
  { ssh, agentSocket }: Places,
): Promise<Access> {
  const { jumpAccess } = await import("../client/jump-access.ts");
  if (identity !== undefined)
    return jumpAccess({ ssh, shell, credentials: { privateKey: readIdentity(identity) } });
  if (agentSocket !== undefined) return jumpAccess({ ssh, shell, credentials: { agent: agentSocket } });
  throw new ConvocateError(
    "usage",
    "no key to show to agents: start an ssh-agent, or name a key file with --identity",
  );
}

function readIdentity(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConvocateError("usage", `--identity ${file} cannot be read: name a private key file`, {
      cause,
    });
  }
}

/** Verbs that provisioning calls, on the shell host itself. */
function provisioning(root: Command, context: Context): void {
  root
    .command("retire", { hidden: true })
    .argument("<agent>", "id of a registered agent")
    .option("--force", "stop the sessions that run")
    .description("take an agent out of service")
    .action(async (agent: string, options: object) =>
      (await import("./retire.ts")).retire(context, agent, options),
    );
}

/** Verbs that programs call, not people. */
function plumbing(root: Command, context: Context): void {
  root
    .command("fleet", { hidden: true })
    .description("the status daemon's socket, on standard input and output")
    .action(async () => (await import("./fleet.ts")).fleet(context));
  root
    .command("relay", { hidden: true })
    .argument("<agent>", "id of a registered agent")
    .description("an agent's port, on standard input and output")
    .action(async (agent: string) => (await import("./relay.ts")).relayAgent(context, agent));
}
