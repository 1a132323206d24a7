import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig } from "../../protocol/config.ts";

/** What a host shares with every session, read-only, where it has it: source below ~convocate, target in the container. */
const shared = [
  { source: ".claude", target: "/home/convocate/.claude-shared" },
  { source: ".gitconfig", target: "/home/convocate/.gitconfig" },
];

/**
 * Mounts of a session besides its home: what this host shares, the Claude CLI, what the configuration names. Folders, not files,
 * are what survives an upgrade on the host; `.gitconfig` is a file because git wants one.
 */
export async function sharedMounts(homes: string, config: AgentConfig): Promise<string[]> {
  const there = await Promise.all(
    shared.map(async ({ source, target }) => {
      const path = join(homes, source);
      return (await stat(path).then(Boolean, () => false)) ? [`${path}:${target}:ro`] : [];
    }),
  );
  const { claude_folder, mounts } = config;
  return [
    ...there.flat(),
    ...(claude_folder === undefined ? [] : [`${claude_folder}:/opt/claude:ro`]),
    ...mounts.map(({ source, target, read_only }) => `${source}:${target}${read_only ? ":ro" : ""}`),
  ];
}
