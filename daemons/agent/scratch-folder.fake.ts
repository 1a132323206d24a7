import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for every test of a file, removed after it. */
export function scratchFolder(): { path: string } {
  const folder = { path: "" };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), "convocate-unit-"));
  });
  afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Metadata as the agent keeps it. */
export const sample = (n: number, more: Record<string, unknown> = {}) => ({
  uuid: uuid(n),
  name: `session ${String(n)}`,
  created_at: "2026-01-01T00:00:00.000Z",
  last_accessed: `2026-01-01T00:00:00.${String(n % 1000).padStart(3, "0")}Z`,
  ...more,
});
