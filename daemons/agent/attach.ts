import { attachExit, type AttachHeader } from "../../protocol/attach.ts";
import { encodeLine } from "../../protocol/codec.ts";
import { errors } from "../../protocol/errors.ts";
import type { Terminal, TerminalSpec } from "../docker/engine.ts";
import type { SubsystemSession } from "../ssh/listener.ts";
import type { Size } from "../ssh/subsystem.ts";
import { failure, tellable } from "./answer.ts";
import { readHeader } from "./attach-header.ts";
import type { Context } from "./context.ts";
import { access, startSession } from "./operations/restart.ts";
import { TerminalProcess } from "./terminal-process.ts";

/** Sets the first size (the engine cannot), waits for the entrypoint to have made the tmux session, and attaches. */
const script = `stty rows "$1" cols "$2"; shift 2
infocmp >/dev/null 2>&1 || export TERM=xterm-256color
n=0
until tmux has-session -t convocate 2>/dev/null; do
  n=$((n + 1)); [ "$n" -lt 200 ] || exit 70
  sleep 0.05
done
exec tmux attach-session "$@" -t convocate`;

const word = (text: string | undefined, fallback: string) =>
  text && /^[A-Za-z0-9._+-]+$/.test(text) ? text : fallback;

/** The tmux client of one operator, as a value. */
export function terminalSpec(
  { uid, gid }: Pick<Context, "uid" | "gid">,
  container: string,
  header: AttachHeader,
): TerminalSpec {
  const mode = header.mode === "ro" ? ["-r"] : [];
  return {
    container,
    user: `${String(uid)}:${String(gid)}`,
    argv: ["sh", "-c", script, "sh", String(header.rows), String(header.cols), ...mode],
    env: {
      TERM: word(header.term, "xterm-256color"),
      COLORTERM: word(header.colorterm, "truecolor"),
      LANG: "C.UTF-8",
      HOME: "/home/convocate",
    },
  };
}

/** Two operators who open a stopped session at once start it once. */
function startOnce(context: Context, id: string): Promise<void> {
  const { starting, work } = context;
  const start =
    starting.get(id) ?? work.run(() => startSession(context, id)).finally(() => starting.delete(id));
  starting.set(id, start);
  return start;
}

/** The running container of the session; started first when it is stopped. */
async function runningContainer(context: Context, id: string): Promise<string> {
  const { registry, log } = context;
  if (!registry.get(id)) throw errors.attachNotFound(id);
  if (registry.container(id) === null) await startOnce(context, id);
  else await access(context, id).catch((error: unknown) => log.error({ err: error, id }, "access not kept"));
  const container = registry.container(id);
  if (container === null) throw errors.attachNotFound(id);
  return container;
}

/** Milliseconds for which an operator waits for an engine that went away, and between two questions to it. */
const patience = { all: 30_000, each: 200 };

/** Resolves when the engine answers, or does not for too long. */
async function engineAnswers({ engine, clock }: Context): Promise<void> {
  const deadline = clock.now().getTime() + patience.all;
  while (clock.now().getTime() < deadline) {
    if (await engine.info().catch(() => null)) return;
    await new Promise<void>((resolve) => clock.after(patience.each, resolve));
  }
}

/**
 * Why the terminal ended: the operator detached, the session's command ended, or somebody stopped it. Null: only the way
 * to it was lost, with the engine; without an exit status an operator's client attaches again.
 */
async function howItEnded(context: Context, { id, container, client }: Attached): Promise<number | null> {
  const { engine, registry, clock, uid, gid } = context;
  if (await client.outlives(clock)) {
    await client.hangUp();
    await engineAnswers(context);
    return null;
  }
  if (registry.container(id) === container) {
    const user = `${String(uid)}:${String(gid)}`;
    const alive = await engine
      .exec(container, user, ["tmux", "has-session", "-t", "convocate"])
      .catch(() => null);
    if (alive?.exitCode === 0 && registry.container(id) === container) return attachExit.detached;
  }
  return registry.cause(id) === "killed" ? attachExit.containerStopped : attachExit.sessionEnded;
}

/** `convocate-agent-attach`: relays one operator's terminal to the session's tmux, byte for byte. */
export async function serveAttach(context: Context, session: SubsystemSession): Promise<void> {
  const { channel, onResize, principal } = session;
  channel.on("error", () => undefined);
  const leave = (code: number | null) => {
    if (code !== null) channel.exit(code);
    channel.end();
    channel.resume();
  };
  // Starting takes seconds: meanwhile an operator may resize, or leave.
  const meanwhile: { size: Size | null; left: boolean } = { size: null, left: false };
  onResize((size) => (meanwhile.size = size));
  channel.once("close", () => (meanwhile.left = true));
  try {
    const header = await readHeader(channel, context.clock);
    const container = await runningContainer(context, header.id);
    if (meanwhile.left) return;
    const { size } = meanwhile;
    // All operators of a shell host share its key: it says who it is.
    const who = principal.kind === "operator" ? principal.name : (header.operator ?? null);
    const terminal = await context.engine.openTerminal(
      terminalSpec(context, container, { ...header, ...size }),
    );
    const client = new TerminalProcess(terminal);
    if (meanwhile.left) return await hangUp({ terminal, client });
    if (meanwhile.size && meanwhile.size !== size)
      void terminal.resize(meanwhile.size).catch(() => undefined);
    await relay(context, session, { id: header.id, container, terminal, client, who }).then(leave);
  } catch (error) {
    if (channel.writable) channel.write(encodeLine(failure(tellable(error, context, "attach"))));
    leave(attachExit.failed);
  }
}

interface Attached {
  id: string;
  container: string;
  terminal: Terminal;
  client: TerminalProcess;
  /** The operator's name, where it is known. */
  who: string | null;
}

async function hangUp({ terminal, client }: Pick<Attached, "terminal" | "client">): Promise<void> {
  await client.hangUp();
  terminal.stream.destroy();
}

/** Relays until either side ends; resolves with the exit status that tells why. */
function relay(
  context: Context,
  { channel, onResize }: SubsystemSession,
  attached: Attached,
): Promise<number | null> {
  const { id, container, terminal, client, who } = attached;
  const { stream } = terminal;
  context.registry.attached(id, container, who);
  onResize((size) => {
    terminal
      .resize(size)
      .catch((error: unknown) => context.log.debug({ err: error, id }, "resize came too late"));
  });
  return new Promise((resolve) => {
    let over = false;
    const end = (finish: () => Promise<number | null>) => {
      if (over) return;
      over = true;
      context.registry.detached(id, container, who);
      void finish().then(resolve);
    };
    stream.on("error", () => undefined);
    stream.once("data", () => void client.seek(context.clock));
    stream.once("close", () => end(() => howItEnded(context, attached)));
    stream.once("end", () => end(() => howItEnded(context, attached)));
    channel.once("close", () =>
      end(async () => {
        await hangUp(attached);
        return attachExit.detached;
      }),
    );
    // The end of the operator's input is not the end of the terminal.
    channel.pipe(stream, { end: false });
    stream.pipe(channel, { end: false });
  });
}
