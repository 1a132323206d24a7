import { must, until } from "../../lab/command.ts";
import type { TestFleet } from "../../lab/test-fleet.ts";
import { Tmux } from "../../tui/screens/tmux.fake.ts";

/** Milliseconds between two lines. */
const pause = 250;

/** Somebody who is attached to a session in a terminal, and types line after line into a file of the session. */
export class Typist {
  readonly #fleet: TestFleet;
  readonly #terminal = new Tmux();
  readonly #session: string;
  readonly #agent: string;
  #uuid = "";
  #container = "";
  #typed: number[] = [];
  #told = new Set<string>();
  #work: Promise<void> = Promise.resolve();
  #goesOn = false;

  constructor(fleet: TestFleet, session: string, agent: string) {
    this.#fleet = fleet;
    this.#session = session;
    this.#agent = agent;
  }

  async open(): Promise<void> {
    const { code, stderr } = await this.#fleet.verb("new", this.#session, "--agent", this.#agent);
    if (code !== 0) throw new Error(`session ${this.#session} could not be made: ${stderr}`);
    const found = (await this.#fleet.sessions()).find(({ name }) => name === this.#session);
    this.#uuid = String(found?.["uuid"]);
    const { address } = await this.#fleet.lab.host("shell-1");
    const ssh = this.#fleet.lab.sshCommand("shell-1", "convocate");
    await this.#terminal.start([...ssh, "-t", address, "attach", this.#session].join(" "));
    await this.#terminal.shows("bash-", 30_000);
    await this.#terminal.type("cat >heard");
    await this.#terminal.press("Enter");
    this.#container = await this.#runs();
    this.#goesOn = true;
    this.#work = this.#type();
    await until(`${this.#session} hears what is typed`, 20_000, async () => (await this.#heard()).length > 3);
  }

  async #type(): Promise<void> {
    while (this.#goesOn) {
      const line = this.#typed.length + 1;
      await this.#terminal.type(`<${String(line)}>`);
      await this.#terminal.press("Enter");
      this.#typed.push(Date.now());
      for (const told of (await this.#terminal.screen()).split("\n"))
        if (/agent|link|lost|again/.test(told)) this.#told.add(told.trim());
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #runs(): Promise<string> {
    const host = this.#fleet.lab.container(this.#agent);
    const name = `name=convocate-session-${this.#uuid}`;
    return must(["docker", "exec", host, "docker", "ps", "-q", "--no-trunc", "--filter", name]);
  }

  /** The lines that arrived whole: the one that is typed while the link comes back does not. */
  async #heard(): Promise<number[]> {
    const host = this.#fleet.lab.container(this.#agent);
    const text = await must(["docker", "exec", host, "cat", `/home/convocate/${this.#uuid}/heard`]);
    return [...text.matchAll(/^<(\d+)>$/gm)].map(([, line]) => Number(line));
  }

  /** Stops typing; returns what was found, a line each, and what the terminal said of the link. */
  async close(): Promise<{ found: string[]; awayMs: number; told: string[] }> {
    const last = this.#typed.length;
    await until(`what is typed in the end arrives in ${this.#session}`, 60_000, async () =>
      (await this.#heard()).some((line) => line > last),
    ).catch(() => undefined);
    this.#goesOn = false;
    await this.#work;
    const heard = await this.#heard();
    const missed = this.#typed.flatMap((at, i) =>
      heard.includes(i + 1) || i >= last ? [] : [{ line: i + 1, at }],
    );
    const found: string[] = [];
    if ((await this.#runs()) !== this.#container) found.push("another container runs");
    if (!heard.some((line) => line > last)) found.push("nothing that is typed arrives any more");
    if (heard.some((line, i) => i > 0 && line <= (heard[i - 1] ?? 0)))
      found.push("a line came twice, or out of order");
    const first = missed[0]?.at ?? 0;
    const awayMs = missed.length === 0 ? 0 : (missed.at(-1)?.at ?? first) - first + pause;
    await this.#terminal.end();
    return { found: found.map((what) => `${this.#session}: ${what}`), awayMs, told: [...this.#told] };
  }
}
