import { Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "./context.ts";
import type { CreateVmOptions } from "./create-vm.ts";
import type { DestroyVmOptions } from "./destroy-vm.ts";
import type { MigrateOptions } from "./migrate-session.ts";
import { knowOldFlags } from "./v2-flags.ts";

/** What parsing found to do; it returns the exit status. */
export type Task = (context: Context) => Promise<number>;

function port(text: string): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= 65_535) return number;
  throw new InvalidArgumentError("A port is a whole number from 1 to 65535.");
}

const collect = (host: string, before: string[] | undefined) => [...(before ?? []), host];

const stackOption = () =>
  new Option("--stack <name>", "the stack; else CONVOCATE_STACK, else the only one there is");
const jsonOption = () => new Option("--json", "for programs: JSON, one object a line");

/** Options that say how a host's key is trusted. */
function trustOptions(verb: Command): Command {
  return verb
    .option("--fingerprint <SHA256:…>", "the key that is expected; else you are asked")
    .option("--host-key <line>", 'the key itself, "ssh-ed25519 AAAA…"; the host is not asked for it')
    .option("--replace", "another key may take the place of the known one");
}

/** Options that change a host's entry in the stack file. */
function entryOptions(verb: Command): Command {
  verb
    .option("--address <address>", "IP address or DNS name")
    .option("--port <port>", "port of its sshd", port)
    .option("--user <name>", "user that may sudo without a password")
    .option("--identity <file>", "private key file; else the ssh-agent's keys");
  return trustOptions(verb);
}

const agentOptions = (verb: Command) =>
  verb
    .option("--shell <host>", "the agent's shell host; else the only one there is")
    .option("--agent-id <id>", "the agent's id; else one derived from stack and host name");

const domainOption = (verb: Command) =>
  verb.option("--domain <domain>", "the fleet's domain; makes the stack file where there is none");

const runOptions = (verb: Command) =>
  verb
    .addOption(stackOption())
    .option("--dry-run", "show what would be done, and do nothing")
    .addOption(jsonOption());

const hostOption = () =>
  new Option("--host <host>", "name, address or agent id of a host of the stack").argParser(collect);

/**
 * The command table. Nothing here loads what a verb needs: `--help` answers at once. `begin` is given what is to be done.
 */
export function program(
  { stdout, stderr }: Pick<Context, "stdout" | "stderr">,
  begin: (task: Task) => void,
): Command {
  const root = new Command("convocate-host")
    .description("Makes hosts members of a fleet, and keeps them up to date.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .helpCommand(true)
    .showSuggestionAfterError();
  provisioning(root, begin);
  keeping(root, begin);
  moving(root, begin);
  adopting(root, begin);
  machines(root, begin);
  root
    .command("completion")
    .argument("<shell>", "bash, zsh or fish")
    .description("print a script that completes verbs, options and hosts")
    .action((shell: string) =>
      begin(async (context) => (await import("./completion.ts")).completion(context, root, shell)),
    );
  return root;
}

function provisioning(root: Command, begin: (task: Task) => void): void {
  const verb = (name: "install" | "init-shell" | "init-agent" | "update", description: string) => {
    const command = root.command(name).description(description).addOption(hostOption());
    return command.action((options: object) =>
      begin(async (context) => (await import("./hosts.ts")).provisionHosts(context, name, options)),
    );
  };
  const install = verb("install", "bring a host of the stack up to date, as its entry and these options say");
  const shell = verb(
    "init-shell",
    "make a machine the shell host: an entry in the stack file, then `pulumi up` for it",
  );
  const agent = verb(
    "init-agent",
    "make a machine an agent host: an entry in the stack file, then `pulumi up` for it",
  );
  const update = verb("update", "bring hosts up to date: these, or all, one agent first");
  update.option("--all", "everything, as `pulumi up` does; stops at the first agent that is not well");
  entryOptions(install);
  domainOption(entryOptions(shell));
  agentOptions(entryOptions(agent));
  for (const command of [install, shell, agent, update]) {
    runOptions(command);
    knowOldFlags(command);
  }
}

function adopting(root: Command, begin: (task: Task) => void): void {
  const adopt = root
    .command("adopt")
    .argument("<host>", "name, address or agent id; a new name with --address")
    .description(
      "take over a host that runs convocate v2, with its sessions; shows what it would do, and asks",
    )
    .option("--yes", "do it without being asked")
    .action((host: string, options: object) =>
      begin(async (context) => (await import("./adopt.ts")).adopt(context, host, options)),
    );
  runOptions(
    domainOption(entryOptions(adopt)).option(
      "--shell <host>",
      "the agent's shell host; else the only one there is",
    ),
  );
}

/** Options that say which hypervisor, and how it is reached. */
const hypervisorOptions = (verb: Command) =>
  trustOptions(
    verb
      .option("--hypervisor <address>", "IP address or DNS name of the machine that shall run the new one")
      .option("--username <name>", "user on both that may sudo without a password; not root")
      .option("--port <port>", "port of the hypervisor's sshd; else 22", port)
      .option("--identity <file>", "private key file; else the ssh-agent's keys"),
  );

function machines(root: Command, begin: (task: Task) => void): void {
  const create = hypervisorOptions(
    root
      .command("create-vm")
      .description(
        "make a virtual machine, on a host that becomes a hypervisor by it; again: go on, or find it there",
      ),
  )
    .option("--domain <domain>", "its name in DNS is 8 letters of chance and this")
    .option("--cpu <n>", "processors, 1 or more")
    .option("--ram <MiB>", "memory, 512 or more")
    .option("--osdisk <GiB>", "disk of the system, 5 or more")
    .option("--datadisk <GiB>", "disk for /var, 1 or more")
    .option("--image <image>", "cloud image (qcow2 or raw): http(s) URL, or absolute path of a file here")
    .option("--image-sha256 <sum>", "its SHA-256, as its publisher has it")
    .option("--virt-type <type>", "kvm, or qemu: emulation where there is no KVM (default: kvm)")
    .option("--network <network>", "10.X.Y.0/24 for this hypervisor's machines; else made from its address")
    .option("--another", "one more, also where there is one like it")
    .option("--join <shell>", "add it to the stack file as an agent of this shell host");
  runOptions(create).action((options: CreateVmOptions) =>
    begin(async (context) => (await import("./create-vm.ts")).createVm(context, options)),
  );
  hypervisorOptions(
    root
      .command("destroy-vm")
      .argument("<name>", "the 8 letters that create-vm printed")
      .description("remove a machine of create-vm with its disks; refused while a stack has it"),
  )
    .addOption(stackOption())
    .addOption(jsonOption())
    .action((name: string, options: DestroyVmOptions) =>
      begin(async (context) => (await import("./destroy-vm.ts")).destroyVm(context, name, options)),
    );
}

function moving(root: Command, begin: (task: Task) => void): void {
  const migrate = root
    .command("migrate-session")
    .description("move a stopped session, or an orphan of the shell host, to an agent")
    .requiredOption("--session <session>", "UUID, the beginning of one, or name")
    .requiredOption("--agent <agent>", "where it goes: host name or id")
    .option("--from <host>", "where it is, if no agent lists it: then with the whole UUID")
    .option("--keep-source", "keep its files at the source, under another name")
    .option("--port <port>", "its port at the target instead: 1-65535, or none")
    .option("--dns-name <name>", "its DNS name at the target instead, or none")
    .addOption(stackOption())
    .addOption(jsonOption())
    .action((options: MigrateOptions) =>
      begin(async (context) => (await import("./migrate-session.ts")).migrateSession(context, options)),
    );
  knowOldFlags(migrate);
}

function keeping(root: Command, begin: (task: Task) => void): void {
  const trust = root
    .command("trust")
    .argument("<host>", "name, address or agent id; a new name with --role and --address")
    .description("write a host's key into the stack file, after you compared it")
    .addOption(new Option("--role <role>", "of a host that is new").choices(["shell", "agent"]))
    .action((host: string, options: object) =>
      begin(async (context) => {
        await (await import("./trust.ts")).trust(context, host, options);
        return 0;
      }),
    );
  domainOption(agentOptions(entryOptions(trust)))
    .addOption(stackOption())
    .addOption(jsonOption());
  root
    .command("status")
    .description(
      "hosts of the stack, versions, last update, certificates; from the state, without asking a host",
    )
    .addOption(stackOption())
    .addOption(jsonOption())
    .action((options: object) =>
      begin(async (context) => (await import("./status.ts")).status(context, options)),
    );
  const state = root
    .command("state")
    .description("save and bring back all that a lost operator machine needs");
  state
    .command("export")
    .argument("<file>", "is made, readable for you alone; `-` is standard output")
    .description("write state, stack file and, if asked for, the passphrase into one file")
    .option("--with-passphrase", "with the passphrase: who has the file then has the fleet")
    .addOption(stackOption())
    .action((file: string, options: object) =>
      begin(async (context) => (await import("./state-export.ts")).exportState(context, file, options)),
    );
  state
    .command("restore")
    .argument("<file>", "what export wrote; `-` is standard input")
    .description("bring back state, stack file and passphrase where there are none")
    .option("--passphrase-file <file>", "the passphrase, where the export has none")
    .option("--replace", "also where there is a stack of that name already")
    .action((file: string, options: object) =>
      begin(async (context) => (await import("./state-restore.ts")).restoreState(context, file, options)),
    );
  root
    .command("version")
    .description("versions of this program, the engine, the plugins, and what would be delivered")
    .addOption(jsonOption())
    .action((options: object) =>
      begin(async (context) => (await import("./version.ts")).version(context, options)),
    );
}
