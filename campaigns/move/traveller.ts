import { must, until } from "../../lab/command.ts";
import type { TestFleet } from "../../lab/test-fleet.ts";

/** Everything that can be seen of a home from outside, as one sum. */
const tree = `cd "$1" && {
find . -type d -printf 'd %P %m %U %G %T@\\n' -o -printf '%y %P %m %U %G %n %l %s %T@\\n' | LC_ALL=C sort
find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
} | sha256sum`;

/** Files that a move must not lose: many small ones, some large, in folders. */
const fill = `cd "$1" && for d in 1 2 3 4 5; do mkdir -p d$d && for f in $(seq 40); do head -c $((f * 200)) /dev/urandom >d$d/$f; done
head -c $(($2 * 200000)) /dev/urandom >d$d/large; done; ln d1/large hard; chown -R 1337:1337 .`;

/** What is on a host of the traveller. */
export interface Traces {
  home: boolean;
  /** The state of its metadata: `json`, `making`, `gone`, or none. */
  metadata: string[];
  /** What a move leaves while it is under way. */
  leftovers: string[];
}

/** A session of a fleet that is moved to and fro. */
export class Traveller {
  readonly #fleet: TestFleet;
  uuid = "";

  constructor(fleet: TestFleet) {
    this.#fleet = fleet;
  }

  /** Makes it on an agent, with `mebibytes` of files. */
  async open(agent: string, mebibytes: number): Promise<void> {
    const { code, stderr } = await this.#fleet.verb("new", "wanderer", "--agent", agent);
    if (code !== 0) throw new Error(`the session could not be made: ${stderr}`);
    this.uuid = String((await this.listed())?.["uuid"]);
    await this.#on(agent, fill, this.#home, String(mebibytes));
  }

  async close(): Promise<void> {
    await this.#fleet.verb("rm", "wanderer");
  }

  get #home(): string {
    return `/home/convocate/${this.uuid}`;
  }

  #on(host: string, script: string, ...args: string[]): Promise<string> {
    return must(["docker", "exec", this.#fleet.lab.container(host), "sh", "-c", script, "sh", ...args]);
  }

  /** As the fleet's list has it. */
  async listed(): Promise<Record<string, unknown> | undefined> {
    return (await this.#fleet.sessions()).find(({ name }) => name === "wanderer");
  }

  sum(host: string): Promise<string> {
    return this.#on(host, tree, this.#home);
  }

  /** How many bytes its files have. */
  async bytes(host: string): Promise<number> {
    return Number(await this.#on(host, `du -sb "$1" | cut -f1`, this.#home));
  }

  async traces(host: string): Promise<Traces> {
    const homes = (await this.#on(host, "ls -A /home/convocate")).split("\n");
    const files = (await this.#on(host, "ls -A /var/lib/convocate-agent/sessions")).split("\n");
    const ours = (names: string[]) => names.filter((name) => name.includes(this.uuid));
    return {
      home: homes.includes(this.uuid),
      metadata: ours(files).map((name) => name.slice(this.uuid.length + 1)),
      leftovers: ours(homes).filter((name) => name !== this.uuid),
    };
  }

  /** Ends with SIGKILL whatever a move runs on a host. */
  async strike(host: string): Promise<void> {
    await this.#on(host, `pkill -9 -f '[.]moved-|tar --(create|extract)' || true`);
  }

  /** Ends a host's agent with SIGKILL; systemd starts it again. */
  async killAgent(host: string): Promise<void> {
    await this.#on(host, "systemctl kill --signal=KILL convocate-agent");
  }

  /** Leaves so many bytes of room where a host's homes are. */
  async crowd(host: string, room: number): Promise<void> {
    const free = `df --output=avail -B1 /home/convocate | tail -1`;
    await this.#on(
      host,
      `n=$(($(${free}) - $1)); [ "$n" -le 0 ] || fallocate -l "$n" /home/convocate/.crowd || true`,
      String(room),
    );
  }

  async uncrowd(host: string): Promise<void> {
    await this.#on(host, "rm -f /home/convocate/.crowd");
  }

  /** Waits until what a broken move held is let go; returns what is left after that. */
  async settled(host: string): Promise<Traces> {
    let last = await this.traces(host);
    await until("the host is at rest", 20_000, async () => {
      last = await this.traces(host);
      return last.leftovers.length === 0;
    }).catch(() => undefined);
    return last;
  }
}
