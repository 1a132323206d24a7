/** The list and the verbs as an operator waits for them: the shipped program, a terminal, agents of which some are not well. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundlePrograms } from "../infra/artifacts/bundle.ts";
import { ListTerminal, runNode } from "./list-terminal.ts";
import { ratio, Samples } from "./samples.ts";
import { UnwellFleet } from "./unwell-fleet.ts";

const sizes = [100, 1_000, 5_000];
const starts = 20;
const keys = 400;
/** Rows that the highlight walks down and up again; more than a screen has. */
const walk = 60;
/** Milliseconds for which nothing happens. */
const calm = 5_000;

export async function measureFleet(): Promise<void> {
  const root = join(import.meta.dirname, "..");
  const folder = mkdtempSync(join(tmpdir(), "convocate-bench-"));
  try {
    await bundlePrograms(root, folder);
    // As shipped: terminal-kit lies beside the bundle.
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const program = join(folder, "convocate.cjs");
    console.log(
      `p50 (p99), ms; after it how many times \`node -e 0\`. --help: ${await starting([program, "--help"])}`,
    );
    console.log("| rows | first list | key → frame | lines drawn in 5 s of nothing | convocate ls |");
    console.log("| --- | --- | --- | --- | --- |");
    for (const rows of sizes) console.log(`| ${(await measure(program, rows)).join(" | ")} |`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const told = (samples: Samples) => `${samples.p50.toFixed(1)} (${samples.p99.toFixed(1)})`;

/** How long a program takes from its start to its end. */
async function starting(argv: string[]): Promise<string> {
  const [ours, floor] = [new Samples(), new Samples()];
  for (let n = 0; n < starts; n += 1) {
    await floor.time(() => runNode(["-e", "0"]));
    await ours.time(() => runNode(argv));
  }
  return `${told(ours)}, × ${ratio(ours, floor)}`;
}

/** A row of the table. */
async function measure(program: string, rows: number): Promise<string[]> {
  const fleet = await UnwellFleet.open(rows);
  const { options } = fleet.host;
  try {
    const first = await firstList([program, ...options]);
    const terminal = new ListTerminal([program, ...options]);
    try {
      await terminal.until(selected(0));
      const frames = new Samples();
      for (let n = 1; n <= keys; n += 1) frames.add(await step(terminal, n));
      const ls = await starting([program, "ls", ...options]);
      fleet.calm();
      // The link that flapped last is back, and its rows are drawn so.
      await terminal.idle(calm);
      return [String(rows), first, told(frames), drawn(await terminal.idle(calm)), ls];
    } finally {
      await terminal.close();
    }
  } finally {
    await fleet.close();
  }
}

/** From starting the program until the list's first row is on the terminal. */
async function firstList(argv: string[]): Promise<string> {
  const [ours, floor] = [new Samples(), new Samples()];
  for (let n = 0; n < starts; n += 1) {
    await floor.time(() => runNode(["-e", "0"]));
    const terminal = new ListTerminal(argv);
    try {
      ours.add(await terminal.until(selected(0)));
    } finally {
      await terminal.close();
    }
  }
  return `${told(ours)}, × ${ratio(ours, floor)}`;
}

/** The row of this session with the mark of the highlight. */
const selected = (session: number) => new RegExp(`>[^>]{0,40}session ${String(session)} `);

/** The n-th key, down the walk and up again; answers how long the row it moves to took to be drawn. */
function step(terminal: ListTerminal, n: number): Promise<number> {
  const at = (key: number) => walk - Math.abs(walk - (key % (2 * walk)));
  return terminal.press(at(n) > at(n - 1) ? "\x1b[B" : "\x1b[A", selected(at(n)));
}

/** How many lines were drawn, without those that tell how time goes by: the title, and for how long an agent is away. */
function drawn(bytes: string): string {
  const lines = bytes.split(/\[(?=\d+;1H)/).slice(1);
  return String(lines.filter((line) => !line.startsWith("1;1H") && !line.includes("unreachable")).length);
}
