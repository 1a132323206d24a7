import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { agentConfig, agentFiles, agentId, type AgentConfig } from "../../protocol/config.ts";

/** Everything provisioning left for the agent. */
export interface Settings {
  agentId: string;
  config: AgentConfig;
  hostKey: string;
  authorizedKeysFile: string;
  /** Where events go; null on a host that no shell host was told of. */
  shell: { host: string; hostKey: string | null; privateKey: string } | null;
}

const trimmed = (text: string) => text.trim();
const optional = (file: string) => readFile(file, "utf8").then(trimmed, () => null);

async function required(file: string): Promise<string> {
  const text = await optional(file);
  if (text) return text;
  throw new Error(`${file} is missing or empty: run \`pulumi up\` for this host`);
}

function parseConfig(file: string, text: string): AgentConfig {
  const parsed = agentConfig.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(
    `${file}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "wrong"}: run \`pulumi up\` for this host`,
  );
}

/** Reads `/etc/convocate-agent`. Throws with the file and the remedy when a part is missing or wrong. */
export async function readSettings(folder: string): Promise<Settings> {
  const path = (name: keyof typeof agentFiles) => join(folder, agentFiles[name]);
  const id = agentId.safeParse(await required(path("id")));
  if (!id.success) throw new Error(`${path("id")}: an agent id is 1 to 64 of a-z, 0-9 and -`);
  const shellHost = await optional(path("shellHost"));
  return {
    agentId: id.data,
    config: parseConfig(path("config"), await required(path("config"))),
    hostKey: `${await required(path("hostKey"))}\n`,
    authorizedKeysFile: path("authorizedKeys"),
    shell: shellHost
      ? {
          host: shellHost,
          hostKey: await optional(path("shellHostKey")),
          privateKey: `${await required(path("toShellKey"))}\n`,
        }
      : null,
  };
}

/** Claude's long-lived token for sessions; null: none is configured. */
export const readClaudeToken = (folder: string) => optional(join(folder, agentFiles.claudeToken));

/** The image new containers use, a full reference; read at every start, so that a new one needs no restart. Null: none yet. */
export const readCurrentImage = (folder: string) => optional(join(folder, agentFiles.currentImage));
