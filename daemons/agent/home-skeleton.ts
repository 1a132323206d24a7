import { cp, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hasCode } from "./error-code.ts";
import { parseJson } from "./metadata-store.ts";

/** What the host shares of Claude's settings, as links from a home into the mounted `.claude-shared`. */
const shared = ["settings.json", "settings.local.json", "plugins"];
const credentials = ".credentials.json";

/** The session's home as it is seen inside its container. */
export const homeInside = "/home/convocate";

export interface Skeleton {
  /** Folder of the homes: `.skel` and `.claude` in it are the host's. */
  folder: string;
  /** A token is delivered to sessions: they need nobody's credentials. */
  hasToken: boolean;
}

/**
 * Fills a new home from the host's skeleton `.skel`; Claude's settings are the host's where it has some, and its first
 * start asks nothing. What the skeleton brings is never overwritten.
 */
export async function furnish(home: string, { folder, hasToken }: Skeleton): Promise<void> {
  const skeleton = join(folder, ".skel");
  // Links as they are: they point at what the session sees, not at what this host has.
  const as = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
  if (await isFolder(skeleton)) await cp(skeleton, home, as);
  if (!(await isFolder(join(folder, ".claude")))) return;
  await mkdir(join(home, ".claude"), { recursive: true, mode: 0o700 });
  for (const name of hasToken ? shared : [...shared, credentials])
    await symlink(join("..", ".claude-shared", name), join(home, ".claude", name)).catch(unlessThere);
}

/**
 * `~/.claude.json` of a home in which Claude will start in `cwd`: without it a fresh home stops at questions (tried with
 * 2.1.330). Merged into what the skeleton brought.
 */
export async function trustFolder(home: string, cwd: string): Promise<void> {
  const file = join(home, ".claude.json");
  const there = claudeState.safeParse(await readFile(file, "utf8").then(parseJson, () => ({}))).data;
  if (!there) return; // Claude will say itself what is wrong with it
  const projects = { ...there.projects, [cwd]: { hasTrustDialogAccepted: true, ...there.projects?.[cwd] } };
  const merged = { hasCompletedOnboarding: true, ...there, projects };
  await writeFile(file, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 });
}

const claudeState = z.looseObject({
  projects: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});

function unlessThere(error: unknown): void {
  if (!hasCode(error, "EEXIST")) throw error;
}

const isFolder = (path: string) =>
  stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
