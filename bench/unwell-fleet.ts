import { createServer, type Server, type Socket } from "node:net";
import { FakeShellHost } from "../tui/fleet.fake.ts";

/** Milliseconds that the slow agent lets every answer wait. */
const slowness = 5_000;
/** Milliseconds between two cuts of the agent that flaps. */
const flapEvery = 300;

/** Eight simulated agents on the loopback interface: five well, one slow, one flapping, one dead. */
export class UnwellFleet {
  readonly host = new FakeShellHost();
  readonly #silent = new Set<Socket>();
  /** Accepts, and never says a word: what a dead host behind a firewall is to who dials it. */
  readonly #dead: Server = createServer((socket) => {
    this.#silent.add(socket.on("error", () => {}));
  });
  #flapping: NodeJS.Timeout | undefined;

  /** `rows`: sessions, spread over all agents; `session 0` was used last, `session 1` before it. */
  static async open(rows: number): Promise<UnwellFleet> {
    const fleet = new UnwellFleet();
    const { host } = fleet;
    await host.fleet.listen();
    const names = ["a1", "a2", "a3", "a4", "a5", "slow", "flapping", "dead"];
    const agents = [];
    for (const id of names) agents.push(await host.addAgent(id, `host-${id}`));
    const [slow, flapping, dead] = agents.slice(5);
    if (!slow || !flapping || !dead) throw new Error("eight agents were made");
    for (let n = 0; n < rows; n += 1) {
      const last_accessed = new Date(Date.now() - 86_400_000 - n * 1_000).toISOString();
      const times = { created_at: last_accessed, last_accessed };
      agents[n % agents.length]?.add(`session ${String(n)}`, times);
    }
    Object.defineProperty(slow, "slowness", {
      get: () => new Promise((resolve) => setTimeout(resolve, slowness)),
    });
    await dead.close();
    await new Promise<void>((resolve) => fleet.#dead.listen(dead.port, "127.0.0.1", resolve));
    fleet.#flapping = setInterval(() => flapping.cut(), flapEvery);
    return fleet;
  }

  /** The agent that flapped stays. */
  calm(): void {
    clearInterval(this.#flapping);
  }

  async close(): Promise<void> {
    this.calm();
    for (const socket of this.#silent) socket.destroy();
    this.#dead.close();
    await this.host.close();
  }
}
