/** The command `script/lab`. */
import { spawn } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { ensureBase, type Base } from "./base.ts";
import { must } from "./command.ts";
import { containerName } from "./container.ts";
import { ensureEngine, releaseEngine } from "./engine.ts";
import { Lab } from "./lab.ts";
import { recordPins, stackLine } from "./stack-file.ts";

const dataDir =
  process.env["CONVOCATE_DATA"] ??
  join(process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local/share"), "convocate");
const say = (line: string) => console.log(line);

const program = new Command("lab")
  .description("hosts in containers, to try, to demo and to test")
  .addOption(new Option("--lab <name>", "which lab").env("CONVOCATE_LAB").default("convocate"));

const open = () => new Lab({ name: program.opts<{ lab: string }>().lab, dataDir, say });

/** Hands the terminal to a command and ends with its status. */
function become(argv: string[]): void {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { stdio: "inherit" });
  child.on("error", (error) => program.error(`${command}: ${error.message}`));
  child.on("close", (code) => process.exit(code ?? 1));
}

program
  .command("up")
  .argument("[host...]", "names; those that begin with `shell` are meant as shell hosts", [
    "shell-1",
    "agent-a",
  ])
  .addOption(
    new Option("--base <base>", "what the hosts start from").choices(["vanilla", "warm"]).default("vanilla"),
  )
  .option("--stack <file>", "record connection, addresses and host keys in this stack file")
  .description("bring hosts up; what is up stays as it is")
  .action(async (names: string[], options: { base: Base; stack?: string }) => {
    const lab = open();
    const hosts = await lab.up(names, options.base);
    const all = await lab.records.hosts();
    if (options.stack) {
      const text = recordPins(await readFile(options.stack, "utf8"), await lab.connection(), all);
      await writeFile(`${options.stack}.new`, text);
      await rename(`${options.stack}.new`, options.stack);
      say(`recorded addresses and host keys in ${options.stack}`);
    }
    const shell = all.find((host) => host.name.startsWith("shell"))?.name ?? "shell-1";
    say("for the stack file, under convocate:hosts:");
    for (const host of hosts) say(`    ${stackLine(host, shell)}`);
  });

program
  .command("down")
  .argument("[host...]", "names; without any, the whole lab")
  .description("remove hosts, or the lab and all it started")
  .action(async (names: string[]) => {
    await open().down(names.length > 0 ? names : undefined);
    await releaseEngine(dataDir, say);
  });

program
  .command("release")
  .description("stop the Docker Engine if a lab had started it and nothing runs in it")
  .action(() => releaseEngine(dataDir, say));

program
  .command("status")
  .option("--json", "for programs")
  .description("hosts, addresses, states")
  .action(async (options: { json?: boolean }) => {
    const hosts = await open().status();
    if (options.json) say(JSON.stringify(hosts, null, 2));
    else
      for (const { name, address, state, cut } of hosts)
        say(`${name.padEnd(16)}${address.padEnd(16)}${cut ? "cut" : state}`);
  });

program
  .command("shell")
  .argument("<host>")
  .argument("[command...]", "after --; default: a login shell")
  .description("be root on a host, without SSH")
  .action((host: string, command: string[]) => {
    const lab = open();
    const terminal = process.stdin.isTTY ? "-it" : "-i";
    become([
      "docker",
      "exec",
      terminal,
      containerName(lab.name, host),
      ...(command.length ? command : ["bash", "-l"]),
    ]);
  });

program
  .command("ssh")
  .argument("<[user@]host>")
  .argument("[command...]", "after --")
  .description("ssh to a host with the lab's key and its pinned host key")
  .action(async (destination: string, command: string[]) => {
    const lab = open();
    const [host = "", user] = destination.split("@").reverse();
    const { address } = await lab.host(host);
    const terminal = process.stdin.isTTY && process.stdout.isTTY ? ["-t"] : [];
    become([...lab.sshCommand(host, user), ...terminal, address, ...command]);
  });

const one = (verb: "cut" | "heal" | "off" | "on", description: string) =>
  program
    .command(verb)
    .argument("<host>")
    .description(description)
    .action((host: string) => open()[verb](host));

one("cut", "lose every packet to and from a host that lives on");
one("heal", "undo cut");
one("off", "power off, hard");
one("on", "power on, and wait until it answers");

program
  .command("base")
  .description(
    "print the bare system image that hosts and session images start from; make it where it is missing",
  )
  .action(async () => {
    const progress = (line: string) => console.error(line);
    await ensureEngine(dataDir, progress);
    say(await ensureBase(progress));
  });

program
  .command("purge")
  .description("remove the cached base images")
  .action(async () => {
    for (const image of ["convocate-lab", "convocate-base"]) {
      const ids = await must(["docker", "images", "-q", image]);
      if (ids) await must(["docker", "rmi", "-f", ...new Set(ids.split("\n"))]);
    }
  });

try {
  await program.parseAsync();
} catch (error) {
  program.error(`lab: ${error instanceof Error ? error.message : String(error)}`);
}
