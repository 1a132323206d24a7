import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inFolder, type Engine } from "./engine.ts";
import type { EngineEvent } from "./engine-event.ts";
import { PlanReader } from "./plan-reader.ts";
import type { Placement } from "./resources.ts";
import type { StackFile } from "./stack-file.ts";
import { writeWhole } from "./whole-file.ts";

/** The plan for the stack file as it is on disk. */
export async function preview(engine: Engine, placement: Placement): Promise<PlanReader> {
  const reader = new PlanReader(placement);
  await engine.preview({ onEvent: (event) => reader.read(event) });
  return reader;
}

/** The plan for the stack file as it is in memory. Leaves file and stacks as they were before `engine` was opened. */
export async function previewOnly(
  engine: Engine,
  placement: Placement,
  file: StackFile,
  before: string | null,
): Promise<PlanReader> {
  const reader = new PlanReader(placement);
  const onEvent = (event: EngineEvent) => reader.read(event);
  try {
    if (!file.isChanged) await engine.preview({ onEvent });
    else
      await inFolder(async (folder) => {
        const configFile = join(folder, "stack.yaml");
        writeFileSync(configFile, file.text, { mode: 0o600 });
        await engine.preview({ configFile, onEvent });
      });
  } finally {
    // A stack that is new was made for the preview, and its salt was written into the stack file.
    if (engine.isNew) await engine.remove();
    if (before === null) rmSync(file.path, { force: true });
    else if (readFileSync(file.path, "utf8") !== before) writeWhole(file.path, before, 0o644);
  }
  return reader;
}
