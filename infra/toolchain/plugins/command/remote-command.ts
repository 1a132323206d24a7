import { randomBytes } from "node:crypto";
import type { Client, ClientChannel, ExecOptions } from "ssh2";
import { z } from "zod";
import type { Resource } from "../provider.ts";
import type { Properties } from "../wire.ts";
import { connectionSchema, withConnection } from "./connection.ts";
import { Collector, failure, type Output } from "./output.ts";

const schema = z.looseObject({
  connection: connectionSchema,
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  stdin: z.string().optional(),
  logging: z.string().optional(),
  addPreviousOutputInEnv: z.boolean().default(true),
  stdout: z.string().optional(),
  stderr: z.string().optional(),
});
type Command = z.infer<typeof schema>;

interface Execution {
  command: string;
  env?: Record<string, string>;
  stdin?: string | undefined;
  logging?: string | undefined;
}

function execute(client: Client, { command, env, stdin, logging }: Execution): Promise<Output> {
  const options: ExecOptions = env ? { env } : {};
  return new Promise((resolve, reject) => {
    const relay = (error: Error | undefined, channel: ClientChannel) => {
      if (error) return reject(error);
      const collector = new Collector(logging);
      let status: { code: number | null; signal?: string | undefined } | undefined;
      channel.on("data", (chunk: Buffer) => collector.add("stdout", chunk));
      channel.stderr.on("data", (chunk: Buffer) => collector.add("stderr", chunk));
      channel.on(
        "exit",
        (code: number | null, signal?: string) => (status = { code, signal: signal?.replace(/^SIG/, "") }),
      );
      channel.on("close", () => {
        // A lost connection looks like a clean end: only an exit status is success.
        if (status?.code === 0) resolve(collector.output);
        else if (status) reject(failure(command, status, collector.output));
        else
          reject(
            new Error(`connection lost while running ${JSON.stringify(command)}: ${collector.output.stderr}`),
          );
      });
      channel.end(stdin ?? "");
    };
    client.exec(command, options, relay);
  });
}

/** sshd drops variables that its AcceptEnv does not name without a word: ask for them back. */
async function verifyEnvironment(client: Client, env: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(env)) {
    const set = await execute(client, {
      command: `printenv ${name}`,
      env: { [name]: value },
      logging: "none",
    }).then(
      ({ stdout }) => stdout === value,
      () => false,
    );
    if (!set)
      throw new Error(`could not set environment variable ${JSON.stringify(name)}: ssh: setenv failed`);
  }
}

async function run(inputs: Command, command: string | undefined, previous?: Command): Promise<Output> {
  if (command === undefined) return { stdout: previous?.stdout ?? "", stderr: previous?.stderr ?? "" };
  const before =
    previous && inputs.addPreviousOutputInEnv
      ? { PULUMI_COMMAND_STDOUT: previous.stdout ?? "", PULUMI_COMMAND_STDERR: previous.stderr ?? "" }
      : {};
  return withConnection(inputs.connection, async (client) => {
    await verifyEnvironment(client, inputs.environment ?? {});
    const env = { ...before, ...inputs.environment };
    return execute(client, { command, env, stdin: inputs.stdin, logging: inputs.logging });
  });
}

/** `command:remote:Command`: runs a command line over SSH when it is created, changed or deleted. */
export const remoteCommand: Resource = {
  inputs: [
    "connection",
    "create",
    "update",
    "delete",
    "environment",
    "stdin",
    "logging",
    "triggers",
    "addPreviousOutputInEnv",
  ],
  replaceOn: ["triggers"],
  defaults: { addPreviousOutputInEnv: true },
  secretOutputs: ["connection"],
  async create(name: string, inputs: Properties) {
    const command = schema.parse(inputs);
    const output = await run(command, command.create);
    return { id: name + randomBytes(4).toString("hex"), outs: { ...inputs, ...output } };
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
