import { readFileSync } from "node:fs";
import { Command } from "commander";
import { ConvocateError } from "../../protocol/errors.ts";
import { version } from "../../protocol/version.ts";
import { localAccess, type Access } from "../client/access.ts";
import type { Context } from "./context.ts";

/** Where things are. */
export interface Places {
  socket: string;
  agentKeys: string;
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

const target = "session name, or the beginning of its UUID";

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
  if (!options.remote) placeOptions(root, context, options.places);
  queries(root, context);
  actions(root, context, options);
  plumbing(root, context);
  return root;
}

/** Options for whoever has a shell: where things are, or by way of which shell host the fleet is reached. */
function placeOptions(root: Command, context: Context, places: Places): void {
  root
    .option("--socket <path>", "the status daemon's socket", places.socket)
    .option("--agent-keys <folder>", "where agents are registered", places.agentKeys)
    .option("--via <user@host>", "reach the fleet through this shell host, by ssh", places.via)
    .option("--identity <file>", "with --via: the key that agents know you by, instead of your ssh-agent's");
  root.hook("preAction", async () => {
    const { via, identity, ...local } = root.opts<Places & { identity?: string }>();
    context.access = via === undefined ? localAccess(local) : await accessVia(via, identity, places);
  });
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

function queries(root: Command, context: Context): void {
  root
    .command("ls")
    .description("list all sessions")
    .option("--json", "as a JSON array")
    .action(async (options: { json?: boolean }) => (await import("./ls.ts")).ls(context, options));
  root
    .command("get")
    .description("show one session")
    .argument("<session>", target)
    .option("--json", "as a JSON object")
    .action(async (wanted: string, options: { json?: boolean }) =>
      (await import("./get.ts")).get(context, wanted, options),
    );
  root
    .command("agents")
    .description("list all agents with their health")
    .option("--json", "as a JSON array")
    .action(async (options: { json?: boolean }) => (await import("./agents.ts")).agents(context, options));
  root
    .command("version")
    .description("print the version")
    .action(() => void context.stdout.write(`convocate ${version}\n`));
}

function actions(root: Command, context: Context, { onTerminal }: ProgramOptions): void {
  root
    .command("new")
    .description("make a session; its container starts with the first attach or restart")
    .argument("<name>", "1-64 letters, digits, space, _ - .")
    .option("--agent <agent>", "on which agent: host name or id (needed when there are several)")
    .option("--command <command>", "what the session runs, instead of the agent's default")
    .option("--port <port>", "published port: 1-65535, or auto for the first free one")
    .option("--protocol <protocol>", "tcp or udp")
    .option("--dns-name <name>", "its name in the fleet's DNS")
    .option("--json", "print the session as a JSON object")
    .action(async (name: string, options: object) =>
      (await import("./new.ts")).create(context, name, options),
    );
  root
    .command("attach")
    .description("attach this terminal to a session; Ctrl-B D detaches")
    .argument("<session>", target)
    .option("--read-only", "look, but type nothing")
    .action(async (wanted: string, options: { readOnly?: boolean }) =>
      (await import("./attach.ts")).attach(context, wanted, { ...options, onTerminal }),
    );
  for (const [verb, op, description] of [
    ["rm", "delete", "delete a session and its home"],
    ["kill", "kill", "stop a session's container; the session stays"],
    ["restart", "restart", "start a session's container, detached"],
  ] as const) {
    root
      .command(verb)
      .description(description)
      .argument("<session>", target)
      .action(async (wanted: string) => (await import("./act.ts")).act(context, op, wanted));
  }
}
