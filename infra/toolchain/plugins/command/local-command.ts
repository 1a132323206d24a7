import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Resource } from "../provider.ts";
import type { Properties } from "../wire.ts";
import { Collector, failure, type Output } from "./output.ts";

const schema = z.looseObject({
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  dir: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  interpreter: z.array(z.string()).min(1).default(["/bin/sh", "-c"]),
  stdin: z.string().optional(),
  logging: z.string().optional(),
  addPreviousOutputInEnv: z.boolean().default(true),
  stdout: z.string().optional(),
  stderr: z.string().optional(),
});
type Command = z.infer<typeof schema>;

const live = new Set<() => void>();

export function cancelProcesses(): void {
  for (const kill of live) kill();
}

function run(inputs: Command, command: string | undefined, previous?: Command): Promise<Output> {
  if (command === undefined) {
    return Promise.resolve({ stdout: previous?.stdout ?? "", stderr: previous?.stderr ?? "" });
  }
  const before =
    previous && inputs.addPreviousOutputInEnv
      ? { PULUMI_COMMAND_STDOUT: previous.stdout ?? "", PULUMI_COMMAND_STDERR: previous.stderr ?? "" }
      : {};
  const [program = "", ...args] = inputs.interpreter;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, command], {
      cwd: inputs.dir,
      // eslint-disable-next-line no-restricted-properties -- the command inherits what the engine was started with
      env: { ...process.env, ...before, ...inputs.environment },
      stdio: "pipe",
      detached: true, // a group of its own, so that a cancelled run ends what the command had started, too
    });
    const kill = () => child.pid !== undefined && process.kill(-child.pid, "SIGTERM");
    live.add(kill);
    const collector = new Collector(inputs.logging);
    child.stdout.on("data", (chunk: Buffer) => collector.add("stdout", chunk));
    child.stderr.on("data", (chunk: Buffer) => collector.add("stderr", chunk));
    child.stdin.on("error", () => undefined); // a command may end before it read its input
    child.stdin.end(inputs.stdin ?? "");
    child.on("error", reject);
    child.on("close", (code, signal) => {
      live.delete(kill);
      if (code === 0) resolve(collector.output);
      else reject(failure(command, { code, signal: signal?.replace(/^SIG/, "") }, collector.output));
    });
  });
}

/** `command:local:Command`: runs a command line on this machine when it is created, changed or deleted. */
export const localCommand: Resource = {
  inputs: [
    ...["create", "update", "delete", "dir", "environment", "interpreter", "stdin", "logging", "triggers"],
    ...["addPreviousOutputInEnv", "assetPaths", "archivePaths"],
  ],
  replaceOn: ["triggers"],
  defaults: { addPreviousOutputInEnv: true },
  check: (inputs: Properties) =>
    ["assetPaths", "archivePaths"]
      .filter((property) => inputs[property] !== undefined)
      .map((property) => ({
        property,
        reason: "the offline plugin does not collect files; use --plugins official",
      })),
  async create(name: string, inputs: Properties) {
    const command = schema.parse(inputs);
    return {
      id: name + randomBytes(4).toString("hex"),
      outs: { ...inputs, ...(await run(command, command.create)) },
    };
  },
  async update(olds: Properties, news: Properties) {
    const command = schema.parse(news);
    return { ...news, ...(await run(command, command.update ?? command.create, schema.parse(olds))) };
  },
  async delete(olds: Properties) {
    const command = schema.parse(olds);
    if (command.delete !== undefined) await run(command, command.delete, command);
  },
};
