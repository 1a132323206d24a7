import type { BenchClient } from "./client.ts";
import { DockerTerminal } from "./docker-terminal.ts";
import { OurTerminal } from "./our-terminal.ts";
import { Samples } from "./samples.ts";
import { key, prompt, type Terminal, type Timed } from "./terminal.ts";

/** Keys typed on one before it is the other's turn, and how often. */
const batch = 20;
const batches = 50;
const opens = 8;
const bulks = 4;
/** No more of a kind is begun after so many milliseconds. */
const enough = 15_000;

/** The same thing done through the agent and through `docker exec`, in turn. */
export class Pair {
  readonly ours = new Samples();
  readonly baseline = new Samples();
}

/** Both, and every other time the second one first. */
async function inTurn(n: number, one: () => Promise<void>, other: () => Promise<void>): Promise<void> {
  for (const work of n % 2 === 0 ? [one, other] : [other, one]) await work();
}

const none: Timed = { ms: Number.NaN, bytes: 0 };

/** From opening a terminal to a full screen. Keeps none open. */
export async function timeOpening(client: BenchClient, ours: string, theirs: string): Promise<Pair> {
  const opened = new Pair();
  const openOurs = async () => {
    const terminal = await OurTerminal.open(client, ours);
    opened.ours.add(terminal.opened.ms);
    await terminal.close();
  };
  const openTheirs = async () => {
    const terminal = await DockerTerminal.open(theirs);
    opened.baseline.add(terminal.opened.ms);
    await terminal.close();
  };
  const end = performance.now() + enough;
  for (let n = 0; n < opens && performance.now() < end; n++) await inTurn(n, openOurs, openTheirs);
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
  const end = performance.now() + enough;
  for (let n = 0; n < batches && performance.now() < end; n++) {
    const our = ours[n % ours.length];
    if (!our) break;
    await inTurn(
      n,
      () => press(our, echo.ours),
      () => press(theirs, echo.baseline),
    );
    for (const terminal of [our, theirs]) await terminal.type({ text: "\r", until: ["\n"] });
  }
  for (const terminal of [...ours, theirs]) await terminal.type({ text: "\x04", until: [prompt] });
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
  const order = { text: "clear; seq 1 300000; echo DONE_$((40+2))\r", until: ["DONE_42", prompt] };
  const ours = async () => {
    const [{ ms, bytes } = none] = await our.type(order);
    bulk.ours.add(ms);
    bulk.ourBytes = bytes;
  };
  const theirs = async () => {
    const [{ ms, bytes } = none] = await their.type(order);
    bulk.baseline.add(ms);
    bulk.theirBytes = bytes;
  };
  const end = performance.now() + enough;
  for (let n = 0; n < bulks && performance.now() < end; n++) await inTurn(n, ours, theirs);
  return bulk;
}
