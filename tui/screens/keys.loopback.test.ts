import { keys, type Command } from "../keys.ts";
import { KeyStage, type Setting } from "./key-stage.fake.ts";

const settings: Record<string, Setting> = {
  "80x24": { size: { cols: 80, rows: 24 } },
  "200x60": { size: { cols: 200, rows: 60 } },
  monochrome: { size: { cols: 80, rows: 24 }, env: "NO_COLOR=1 TERM=vt100" },
  resizing: { size: { cols: 120, rows: 40 }, resizing: 6 },
};

const stages = Object.entries(settings).map(([name, setting]) => ({ name, stage: new KeyStage(setting) }));

beforeAll(() => Promise.all(stages.map(({ stage }) => stage.open())), 30_000);
afterAll(() => Promise.all(stages.map(({ stage }) => stage.close())), 30_000);

/** A story waits more than it works: those of one key are told on all terminals at once. */
async function tellEverywhere(name: string, command: Command): Promise<void> {
  const told = await Promise.allSettled(stages.map(({ stage }) => stage.tell(name, command)));
  const failed = told.flatMap((story, i) =>
    story.status === "rejected" ? [`${stages[i]?.name ?? ""}: ${String(story.reason)}`] : [],
  );
  if (failed.length > 0) throw new Error(failed.join("\n\n"));
}

const told = keys.flatMap((key) => key.names.map((name): [string, Command] => [name, key.command]));
test.each(told)(`%s: %s; ${Object.keys(settings).join(", ")}`, tellEverywhere, 120_000);
