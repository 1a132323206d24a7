import { finished } from "node:stream/promises";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { connect, runAsRoot, type Endpoint, type RootScript } from "../ssh/connect.ts";
import { runScript } from "../steps/script.ts";
import { VmRefusal } from "./refusal.ts";
import { vmScriptText, type VmScript } from "./script.ts";

/** A hypervisor as these commands work on it: every step is a login of its own, so that none depends on an earlier one's connection. */
export class Hypervisor {
  readonly #to: Endpoint;
  readonly #agentSocket: string;

  constructor(to: Endpoint, agentSocket: string) {
    this.#to = to;
    this.#agentSocket = agentSocket;
  }

  get name(): string {
    return this.#to.host;
  }

  /** Throws VmRefusal when it does not answer, or not with its key. */
  async connect(): Promise<Client> {
    return connect(this.#to, this.#agentSocket).catch((error: unknown) => {
      throw new VmRefusal(
        "unreachable",
        error instanceof Error ? error.message : String(error),
        `Check that it is on, its address and port, and that ${this.#to.user} may log in there with your key.`,
      );
    });
  }

  async root(script: RootScript): Promise<string> {
    const client = await this.connect();
    try {
      return await runAsRoot(client, script);
    } finally {
      client.end();
    }
  }

  /** A look at it: changes nothing there. */
  look(inputs: { network: string; name: string }): Promise<string> {
    return this.#feed("looking at the hypervisor", "exec bash --norc -s", vmScriptText("survey", inputs));
  }

  /** One script at a time, also for others: they all keep books on one machine. */
  run(title: string, name: VmScript, inputs: Record<string, string>): Promise<string> {
    return this.#feed(title, runScript().replace(/^sudo -n /, "exec "), vmScriptText(name, inputs));
  }

  #feed(title: string, script: string, text: string): Promise<string> {
    return this.root({
      title,
      script,
      feed: async (channel) => {
        channel.end(text);
        await finished(channel, { readable: false }).catch(() => undefined);
      },
    });
  }

  /** The way to a machine's sshd, through the hypervisor: whoever makes it needs no route. */
  async through<T>(machine: Endpoint, work: (client: Client) => Promise<T>): Promise<T> {
    const outer = await this.connect();
    try {
      const way = await new Promise<Duplex>((resolve, reject) =>
        outer.forwardOut("127.0.0.1", 0, machine.host, machine.port, (error, channel) =>
          error ? reject(error) : resolve(channel),
        ),
      );
      const inner = await connect(machine, this.#agentSocket, way);
      try {
        return await work(inner);
      } finally {
        inner.end();
      }
    } finally {
      outer.end();
    }
  }
}
