import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ScratchConfig {
  id: string;
  /** Private key texts. */
  hostKey: string;
  toShellKey: string;
  /** Lines of `authorized_keys`. */
  admitted: string[];
  /** Full reference, or null: an agent that has none yet. */
  image: string | null;
  command: string;
  /** Where events go. */
  shell?: { host: string; hostKey: string } | undefined;
}

/** Lays what provisioning would have left for an agent; for tests, benchmarks and campaigns. */
export async function layConfig(folder: string, config: ScratchConfig): Promise<void> {
  await mkdir(folder);
  const { image, shell } = config;
  const files: Record<string, string> = {
    "agent-id": config.id,
    ssh_host_ed25519_key: config.hostKey,
    authorized_keys: config.admitted.map((line) => `${line}\n`).join(""),
    "config.json": JSON.stringify({ command: config.command }),
    agent_to_shell_ed25519_key: config.toShellKey,
    ...(image !== null && { "current-image": `${image}\n` }),
    ...(shell && { "shell-host": shell.host, "shell_host_key.pub": shell.hostKey }),
  };
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, name), text, { mode: 0o600 });
}
