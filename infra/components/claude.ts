import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Fleet, FleetAgent } from "../config/fleet.ts";
import type { Artifacts } from "./artifacts.ts";
import { placeOf } from "./host-command.ts";

/** Where agents have the CLI, as `current/claude`. */
export const claudeFolder = "/opt/claude";

/** The Claude CLI of a fleet, as every agent gets it. */
export interface Claude {
  /** Null: none. */
  source: { version: string } | { path: string; sha256: string } | null;
  token: string | null;
  /** Has the version ready on the operator's machine, once for all agents. */
  fetched: pulumi.Resource[];
}

/** A file's content, without having all of it in memory: another content is a change of the stack, another time is not. */
function sha256Of(path: string): string {
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(1 << 20);
  let file;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new pulumi.RunError(
      `convocate:claude.path: got ${path}: ${String(error)}: name the program's file on this machine`,
    );
  }
  try {
    for (let bytes = 1; bytes > 0;) {
      bytes = readSync(file, buffer);
      hash.update(buffer.subarray(0, bytes));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

const command = { logging: local.Logging.None, addPreviousOutputInEnv: false };

/** Declares where the CLI comes from. Throws RunError when a named file cannot be read. */
export function claudeOf(config: Fleet["claude"], artifacts: Artifacts): Claude {
  if (!config) return { source: null, token: null, fetched: [] };
  const { cli, token } = config;
  if ("path" in cli) return { source: { ...cli, sha256: sha256Of(cli.path) }, token, fetched: [] };
  const fetched = new local.Command("claude", {
    ...command,
    dir: join(artifacts.folder, ".."),
    create: "exec node infra/claude/main.ts fetch",
    stdin: JSON.stringify(cli),
  });
  return { source: cli, token, fetched: [fetched] };
}

/** Brings the CLI and its token to an agent; where the stack names none, takes a token away that is there. */
export function deliverClaude(
  agent: FleetAgent,
  artifacts: Artifacts,
  claude: Claude,
  options: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): local.Command {
  const { source, token, fetched } = claude;
  const input = pulumi.output(placeOf(agent)).apply((place) => ({ ...place, source, token }));
  return new local.Command(
    `${agent.name}-claude`,
    {
      ...command,
      dir: join(artifacts.folder, ".."),
      create: "exec node infra/claude/main.ts deliver",
      stdin: pulumi.secret(pulumi.jsonStringify(input)),
    },
    { parent: options.parent, dependsOn: [...options.dependsOn, ...fetched] },
  );
}
