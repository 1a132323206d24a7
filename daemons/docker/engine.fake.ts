import { spawnSync } from "node:child_process";
import { Duplex } from "node:stream";
import type {
  ContainerSpec,
  ContainerState,
  Engine,
  EngineEvent,
  HelperSpec,
  Outcome,
  Printed,
  Terminal,
  TerminalSpec,
} from "./engine.ts";
import { containerPrefix } from "./engine.ts";

/** An engine in memory. Terminals echo what they get; `die` and `lose` are the faults that a real one cannot be told to have. */
export class FakeEngine implements Engine {
  memoryBytes = 2 ** 40;
  liveRestore = true;
  readonly images = new Set<string>();
  readonly containers = new Map<string, ContainerState & { spec: ContainerSpec }>();
  readonly helpers: string[][] = [];
  /** Programs that its images lack. */
  readonly missing = new Set<string>();
  readonly terminals: (TerminalSpec & { stream: Duplex; sizes: { cols: number; rows: number }[] })[] = [];
  #listeners: { onEvent: (event: EngineEvent) => void; onEnd: () => void }[] = [];
  #time = 1;
  /** How often something was to be stopped, and what that waits for. */
  stops = 0;
  stopping: Promise<void> = Promise.resolve();
  /** How often the agent asked for the list. */
  lists = 0;

  info() {
    const { liveRestore, memoryBytes } = this;
    return Promise.resolve({
      version: "0.fake",
      liveRestore,
      cgroupDriver: "systemd" as const,
      memoryBytes,
      cpus: 8,
    });
  }
  hasImage(reference: string) {
    return Promise.resolve(this.images.has(reference));
  }
  ensureNetwork() {
    return Promise.resolve();
  }
  list(): Promise<ContainerState[]> {
    this.lists++;
    return Promise.resolve([...this.containers.values()].map(({ spec: _, ...state }) => state));
  }
  start(spec: ContainerSpec): Promise<string> {
    const session = spec.name.slice(containerPrefix.length);
    const id = `id-${session}-${String(this.#time)}`;
    const since = new Date().toISOString();
    this.containers.set(session, {
      id,
      session,
      running: true,
      exitCode: null,
      oomKilled: false,
      image: spec.image,
      since,
      spec,
    });
    this.#emit("start", session);
    return Promise.resolve(id);
  }
  async stop(container: string): Promise<void> {
    this.stops++;
    await this.stopping;
    const session = [...this.containers.values()].find(({ id }) => id === container)?.session ?? "";
    if (this.containers.get(session)?.running) this.die(session, 143);
  }
  remove(session: string): Promise<void> {
    if (this.containers.get(session)?.running) this.die(session, 137);
    this.containers.delete(session);
    return Promise.resolve();
  }
  /** What programs in its containers answer, and what containers printed by themselves. */
  answer: Outcome = { exitCode: 0, output: "" };
  readonly executed: string[][] = [];
  readonly print = new Map<string, string>();
  exec(_container: string, _user: string, argv: string[]): Promise<Outcome> {
    this.executed.push(argv);
    return Promise.resolve(this.answer);
  }
  printed(session: string): Promise<string | null> {
    return Promise.resolve(this.containers.has(session) ? (this.print.get(session) ?? "") : null);
  }
  /** The session's container prints lines of its own. */
  printLines(session: string, ...texts: string[]): void {
    const id = this.containers.get(session)?.id ?? "";
    const lines = this.#said.get(id) ?? [];
    const time = () => new Date(Date.UTC(2026, 0, 1) + this.#time++).toISOString();
    this.#said.set(id, [...lines, ...texts.map((text) => ({ time: time(), text, ends: true }))]);
    this.#wake();
  }
  /** Everybody who follows a container's lines loses the engine. */
  cut(): void {
    this.#cuts++;
    this.#wake();
  }
  async *follow(container: string, since: string, signal: AbortSignal): AsyncGenerator<Printed> {
    const cuts = this.#cuts;
    signal.addEventListener("abort", () => this.#wake());
    for (let last = since; ;) {
      if (signal.aborted || cuts !== this.#cuts) throw new Error("the engine is gone");
      const next = this.#said.get(container)?.find(({ time }) => time > last);
      const running = [...this.containers.values()].some((state) => state.id === container && state.running);
      if (next) {
        last = next.time;
        yield next;
      } else if (running) await this.#woken;
      else return;
    }
  }
  readonly #said = new Map<string, Printed[]>();
  #cuts = 0;
  #wake: () => void = () => undefined;
  #woken: Promise<void> = Promise.resolve();
  #sleep(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#woken = promise;
    this.#wake = () => {
      resolve();
      this.#sleep();
    };
  }
  constructor() {
    this.#sleep();
  }
  openTerminal(spec: TerminalSpec): Promise<Terminal> {
    const stream = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        stream.push(chunk);
        done();
      },
      final(done) {
        stream.push(null);
        done();
      },
    });
    const sizes: { cols: number; rows: number }[] = [];
    this.terminals.push({ ...spec, stream, sizes });
    return Promise.resolve({
      stream,
      resize: (size) => Promise.resolve(void sizes.push(size)),
      exitCode: () => Promise.resolve(0),
      pid: () => Promise.resolve(null),
    });
  }
  /** On this machine itself: what a helper mounts has the same path inside as outside. */
  runHelper({ argv }: HelperSpec): Promise<Outcome> {
    this.helpers.push(argv);
    if (argv[0] === "bash")
      return Promise.resolve({ exitCode: this.missing.has(argv.at(-1) ?? "") ? 1 : 0, output: "" });
    const { status, stdout, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
    return Promise.resolve({ exitCode: status ?? -1, output: stdout + stderr });
  }
  removeHelpers() {
    return Promise.resolve();
  }
  events(_since: number, onEvent: (event: EngineEvent) => void, onEnd: () => void) {
    const listener = { onEvent, onEnd };
    this.#listeners.push(listener);
    return Promise.resolve({
      close: () => void (this.#listeners = this.#listeners.filter((l) => l !== listener)),
    });
  }

  /** The container ends by itself, or somebody with `docker` ends it. */
  die(session: string, exitCode: number, oom = false): void {
    const container = this.containers.get(session);
    if (!container) return;
    this.containers.set(session, { ...container, running: false, exitCode, oomKilled: oom });
    this.#wake();
    if (oom) this.#emit("oom", session);
    this.#emit("die", session, exitCode);
  }

  /** The event stream breaks; `meanwhile` happens unseen. */
  lose(meanwhile: () => void = () => undefined): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    meanwhile();
    for (const { onEnd } of listeners) onEnd();
  }

  #emit(action: EngineEvent["action"], session: string, exitCode: number | null = null): void {
    const event = {
      action,
      session,
      container: this.containers.get(session)?.id ?? "",
      timeNano: this.#time++,
      exitCode,
    };
    for (const { onEvent } of this.#listeners) onEvent(event);
  }
}
