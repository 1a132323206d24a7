import { randomUUID } from "node:crypto";
import type { Duplex, Readable } from "node:stream";
import Docker from "dockerode";
import { z } from "zod";
import {
  containerPrefix,
  sessionLabel,
  type Bounds,
  type ContainerSpec,
  type ContainerState,
  type Engine,
  type EngineEvent,
  type EngineInfo,
  type HelperSpec,
  type Outcome,
  type Printed,
  type Terminal,
  type TerminalSpec,
} from "./engine.ts";
import { createOptions } from "./create-options.ts";
import { readBounded, readPrinted, withoutHeaders } from "./output.ts";
import { readWholeAnswers } from "./whole-answer.ts";

/** The newest API version this adapter was written for; an older engine is asked in its own. */
const newestApi = "1.44";

const helperLabel = "convocate.helper";

const actions = ["start", "die", "oom", "destroy"] as const;

const eventSchema = z.object({
  Action: z.enum(actions),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
  timeNano: z.number(),
});

const minor = (version: string) => Number(version.split(".")[1] ?? 0);

const isStatus = (error: unknown, ...codes: number[]) =>
  typeof error === "object" &&
  error !== null &&
  "statusCode" in error &&
  codes.includes(Number(error.statusCode));

/** Talks to the engine behind a Unix socket, in an API version that both know. */
export async function connectEngine(socketPath: string): Promise<Engine> {
  const { ApiVersion } = await new Docker({ socketPath }).version();
  const version = minor(ApiVersion) < minor(newestApi) ? ApiVersion : newestApi;
  const docker = new Docker({ socketPath, version: `v${version}` });
  readWholeAnswers(docker);
  return new DockerodeEngine(docker);
}

class DockerodeEngine implements Engine {
  readonly #docker: Docker;
  /** Names of the helpers that somebody waits for. */
  readonly #helpers = new Set<string>();

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  async info(): Promise<EngineInfo> {
    const info = z
      .object({
        ServerVersion: z.string(),
        LiveRestoreEnabled: z.boolean(),
        CgroupDriver: z.string(),
        MemTotal: z.number(),
        NCPU: z.number(),
      })
      .parse(await this.#docker.info());
    return {
      version: info.ServerVersion,
      liveRestore: info.LiveRestoreEnabled,
      cgroupDriver: info.CgroupDriver === "systemd" ? "systemd" : "cgroupfs",
      memoryBytes: info.MemTotal,
      cpus: info.NCPU,
    };
  }

  async hasImage(reference: string): Promise<boolean> {
    try {
      await this.#docker.getImage(reference).inspect();
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }

  async ensureNetwork(name: string): Promise<void> {
    try {
      await this.#docker.getNetwork(name).inspect();
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      const Options = {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.name": "convocate0",
      };
      await this.#docker.createNetwork({ Name: name, Driver: "bridge", CheckDuplicate: true, Options });
    }
  }

  async list(): Promise<ContainerState[]> {
    const all = await this.#docker.listContainers({ all: true });
    const ours = all.flatMap(({ Id, Names, Labels }) => {
      const session = sessionOf(Names[0]?.slice(1), Labels);
      return session === null ? [] : [this.#inspect(Id, session)];
    });
    return (await Promise.all(ours)).filter((state) => state !== null);
  }

  async #inspect(id: string, session: string): Promise<ContainerState | null> {
    try {
      const { Id, State, Config } = await this.#docker.getContainer(id).inspect();
      if (State.Status === "created") return null; // the engine broke off before its start: it has never run
      return {
        id: Id,
        session,
        running: State.Running,
        exitCode: State.Running ? null : State.ExitCode,
        oomKilled: State.OOMKilled,
        image: Config.Image,
        since: State.Running ? State.StartedAt : State.FinishedAt,
      };
    } catch (error) {
      if (isStatus(error, 404)) return null; // removed since it was listed
      throw error;
    }
  }

  async start(spec: ContainerSpec): Promise<string> {
    await this.#docker
      .getContainer(spec.name)
      .remove()
      .catch((error: unknown) => {
        if (!isStatus(error, 404)) throw error;
      });
    const container = await this.#docker.createContainer(createOptions(spec));
    try {
      await container.start();
    } catch (error) {
      await container.remove({ force: true }).catch(() => undefined);
      throw error;
    }
    return container.id;
  }

  async stop(container: string, graceSeconds: number): Promise<void> {
    try {
      await this.#docker.getContainer(container).stop({ t: graceSeconds });
    } catch (error) {
      if (!isStatus(error, 304, 404)) throw error;
    }
  }

  remove(session: string): Promise<void> {
    return this.#removeContainer(containerPrefix + session);
  }

  async exec(container: string, user: string, argv: string[], bounds?: Bounds): Promise<Outcome> {
    const exec = await this.#docker
      .getContainer(container)
      .exec({ Cmd: argv, User: user, AttachStdout: true, AttachStderr: true, Tty: true });
    const stream = await exec.start({ Tty: true, hijack: true, stdin: false });
    const { output, whole } = await readBounded(stream, bounds);
    return { exitCode: whole ? ((await exec.inspect()).ExitCode ?? -1) : -1, output };
  }

  async printed(session: string, lines: number): Promise<string | null> {
    const container = this.#docker.getContainer(containerPrefix + session);
    try {
      const { Config } = await container.inspect();
      const printed: unknown = await container.logs({ stdout: true, stderr: true, tail: lines });
      if (!Buffer.isBuffer(printed)) return String(printed);
      return (Config.Tty ? printed : withoutHeaders(printed)).toString();
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  async *follow(container: string, since: string, signal: AbortSignal): AsyncGenerator<Printed> {
    const stream = (await this.#docker.getContainer(container).logs({
      follow: true,
      stdout: true,
      stderr: true,
      timestamps: true,
      // A double does not hold nanoseconds: from a moment before on, and what was told already is left out.
      ...(since !== "" && { since: Date.parse(since) / 1000 }),
      abortSignal: signal,
    })) as Readable;
    for await (const printed of readPrinted(stream)) if (printed.time > since) yield printed;
  }

  async openTerminal(spec: TerminalSpec): Promise<Terminal> {
    const exec = await this.#docker.getContainer(spec.container).exec({
      Cmd: spec.argv,
      User: spec.user,
      Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
    });
    // Without Tty here, too, the bytes come with 8-byte headers.
    const stream: Duplex = await exec.start({ Tty: true, hijack: true, stdin: true });
    return {
      stream,
      async resize({ cols, rows }) {
        await exec.resize({ w: cols, h: rows });
      },
      async exitCode() {
        return (await exec.inspect()).ExitCode;
      },
      async pid() {
        const { Running, Pid } = await exec.inspect();
        return Running && Pid ? Pid : null;
      },
    };
  }

  async runHelper({ owner, image, binds, argv }: HelperSpec): Promise<Outcome> {
    const name = `convocate-helper-${randomUUID()}`;
    this.#helpers.add(name);
    try {
      const container = await this.#docker.createContainer({
        name,
        Image: image,
        Entrypoint: argv.slice(0, 1),
        Cmd: argv.slice(1),
        Labels: { [helperLabel]: owner },
        HostConfig: { Binds: binds, NetworkMode: "none" },
        User: "0:0",
        Tty: true,
      });
      await container.start();
      const { StatusCode } = z.object({ StatusCode: z.number() }).parse(await container.wait());
      const output = await container.logs({ stdout: true, stderr: true, tail: 20 });
      return { exitCode: StatusCode, output: String(output) };
    } finally {
      this.#helpers.delete(name);
      // When the engine does not answer any more it is left to `removeHelpers`.
      await this.#removeContainer(name).catch(() => undefined);
    }
  }

  async removeHelpers(owner: string): Promise<void> {
    const found = await this.#docker.listContainers({
      all: true,
      filters: { label: [`${helperLabel}=${owner}`] },
    });
    const left = found.filter(({ Names }) => !Names.some((name) => this.#helpers.has(name.slice(1))));
    await Promise.all(left.map(({ Id }) => this.#removeContainer(Id)));
  }

  async #removeContainer(idOrName: string): Promise<void> {
    const container = this.#docker.getContainer(idOrName);
    try {
      await container.remove({ force: true, v: true }).catch((error: unknown) => {
        // Somebody else's removal, such as that of `--rm`, is under way.
        if (isStatus(error, 409)) return container.wait({ condition: "removed" });
        throw error;
      });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }

  async events(
    sinceNano: number,
    onEvent: (event: EngineEvent) => void,
    onEnd: () => void,
  ): Promise<{ close(): void }> {
    const options: Docker.GetEventsOptions = {
      filters: JSON.stringify({ type: ["container"], event: actions }),
      // A double holds seconds to a few hundred nanoseconds: what is heard twice does no harm.
      ...(sinceNano > 0 && { since: sinceNano / 1e9 }),
    };
    const stream = (await this.#docker.getEvents(options)) as Readable;
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event = parseEvent(line);
        if (event) onEvent(event);
      }
    });
    // A lost connection reports an error and an abort before its close.
    stream.on("error", () => undefined);
    stream.once("close", onEnd);
    return {
      close() {
        stream.off("close", onEnd);
        stream.destroy();
      },
    };
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** UUID of the session that a container runs, by its name or our label; null for other containers. */
function sessionOf(name: string | undefined, labels: Record<string, string>): string | null {
  if (name?.startsWith(containerPrefix)) return name.slice(containerPrefix.length);
  return labels[sessionLabel] ?? null;
}

/** An event of a session's container; null for anything else. */
export function parseEvent(line: string): EngineEvent | null {
  if (line.trim() === "") return null;
  const parsed = eventSchema.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const { Action, Actor, timeNano } = parsed.data;
  const session = sessionOf(Actor.Attributes["name"], Actor.Attributes);
  if (session === null) return null;
  const exitCode = Actor.Attributes["exitCode"];
  return {
    action: Action,
    session,
    container: Actor.ID,
    timeNano,
    exitCode: exitCode === undefined ? null : Number(exitCode),
  };
}
