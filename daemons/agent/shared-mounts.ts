import { stat } from "node:fs/promises";
import { join } from "node:path";

/** What a host shares with every session, read-only, where it has it: source below ~convocate, target in the container. */
const shared = [
  { source: ".claude", target: "/home/convocate/.claude-shared" },
  { source: ".gitconfig", target: "/home/convocate/.gitconfig" },
];

/** Folders, not files, are what survives an upgrade on the host; `.gitconfig` is a file because git wants one. */
export async function sharedMounts(homes: string): Promise<string[]> {
  const there = await Promise.all(
    shared.map(async ({ source, target }) => {
      const path = join(homes, source);
      return (await stat(path).then(Boolean, () => false)) ? [`${path}:${target}:ro`] : [];
    }),
  );
  return there.flat();
}
