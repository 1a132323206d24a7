import type { BenchClient } from "./client.ts";
import { DockerTerminal } from "./docker-terminal.ts";
import { OurTerminal } from "./our-terminal.ts";
import { Samples } from "./samples.ts";
import { key, type Terminal } from "./terminal.ts";

/** Keys typed on one before it is the other's turn, and how often. */
const batch = 20;
const batches = 50;
const opens = 10;
const bulks = 4;

/** The same thing done through the agent and through `docker exec`, in turn. */
export class Pair {
  readonly ours = new Samples();
  readonly baseline = new Samples();
}

/** From opening a terminal to a full screen. Keeps none open. */
export async function timeOpening(client: BenchClient, ours: string, theirs: string): Promise<Pair> {
  const opened = new Pair();
  for (let n = 0; n < opens; n++) {
    const our = await OurTerminal.open(client, ours);
    opened.ours.add(our.opened.ms);
    await our.close();
    const their = await DockerTerminal.open(theirs);
    opened.baseline.add(their.opened.ms);
    await their.close();
  }
  return opened;
}

const press = async (terminal: Terminal, into: Samples) => {
  const answers = await terminal.type({ text: key, until: [key], count: batch });
  into.add(...answers.map(({ ms }) => ms));
};

/** From a key to its echo, by the kernel of the session's own terminal; ours on every terminal in turn. */
export async function timeEcho(ours: readonly Terminal[], theirs: Terminal): Promise<Pair> {
  const echo = new Pair();
  for (const terminal of [...ours, theirs]) await terminal.type({ text: "cat > /dev/null\r", until: ["\n"] });
  for (let n = 0; n < batches; n++) {
    const our = ours[n % ours.length];
    if (!our) break;
    await press(our, echo.ours);
    await press(theirs, echo.baseline);
    for (const terminal of [our, theirs]) await terminal.type({ text: "\r", until: ["\n"] });
  }
  for (const terminal of [...ours, theirs]) await terminal.type({ text: "\x04", until: ["$"] });
  return echo;
}

export class Bulk extends Pair {
  /** Bytes that came, of the last one: tmux leaves out what a terminal is too slow for. */
  ourBytes = 0;
  theirBytes = 0;
}

/** `seq 1 300000` until the prompt is back. */
export async function timeBulk(our: Terminal, their: Terminal): Promise<Bulk> {
  const bulk = new Bulk();
  const order = { text: "clear; seq 1 300000; echo DONE_$((40+2))\r", until: ["DONE_42"] };
  for (let n = 0; n < bulks; n++) {
    const [mine] = await our.type(order);
    const [theirs] = await their.type(order);
    if (!mine || !theirs) break;
    bulk.ours.add(mine.ms);
    bulk.baseline.add(theirs.ms);
    bulk.ourBytes = mine.bytes;
    bulk.theirBytes = theirs.bytes;
  }
  return bulk;
}
