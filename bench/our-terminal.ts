import type { ClientChannel } from "ssh2";
import type { BenchClient } from "./client.ts";
import { fullScreen, screenSize, type Order, type Terminal, type Timed } from "./terminal.ts";

/** Nothing that is waited for takes so many milliseconds. */
const patience = 60_000;

/** A terminal through the agent. */
export class OurTerminal implements Terminal {
  readonly #channel: ClientChannel;
  opened: Timed = { ms: 0, bytes: 0 };

  private constructor(channel: ClientChannel) {
    this.#channel = channel;
  }

  /** The time includes opening the channel; the connection is there already. */
  static async open(client: BenchClient, session: string, until = fullScreen): Promise<OurTerminal> {
    const began = performance.now();
    const channel = await client.attach({ id: session, term: "xterm-256color", ...screenSize });
    const terminal = new OurTerminal(channel);
    terminal.opened = await terminal.#wait(until, began);
    return terminal;
  }

  async type({ text, until, count = 1 }: Order): Promise<Timed[]> {
    const answers: Timed[] = [];
    for (let n = 0; n < count; n++) {
      const began = performance.now();
      const waited = this.#wait(until, began);
      this.#channel.write(text);
      answers.push(await waited);
    }
    return answers;
  }

  /** Reads no more: what it does not take piles up elsewhere, or not at all. */
  stopReading(): void {
    this.#channel.pause();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#channel.once("close", resolve));
    this.#channel.resume();
    this.#channel.close();
    await closed;
  }

  #wait(texts: string[], began: number): Promise<Timed> {
    const channel = this.#channel;
    return new Promise((resolve, reject) => {
      let seen = "";
      let bytes = 0;
      const end = (settle: () => void) => {
        clearTimeout(timer);
        channel.off("data", onData).off("close", onClose);
        settle();
      };
      const told = () =>
        `${texts.join(", ")} did not come; the last that came: ${JSON.stringify(seen.slice(-2000))}`;
      const onClose = () => end(() => reject(new Error(`the terminal closed: ${told()}`)));
      const timer = setTimeout(() => end(() => reject(new Error(told()))), patience);
      const onData = (chunk: Buffer) => {
        bytes += chunk.length;
        seen = seen.slice(-4096) + chunk.toString("latin1");
        if (texts.every((text) => seen.includes(text)))
          end(() => resolve({ ms: performance.now() - began, bytes }));
      };
      channel.on("data", onData).once("close", onClose);
    });
  }
}
