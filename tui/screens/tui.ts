import { loadavg } from "node:os";
import type { ReadStream, WriteStream } from "node:tty";
import { tellAudit, type Access } from "../client/access.ts";
import { attachSession } from "../client/attach.ts";
import { fault } from "../client/fault.ts";
import { watchFleet } from "../client/fleet-socket.ts";
import { AgentPool } from "../client/pool.ts";
import { frameOf } from "../render/frame.ts";
import { reduce } from "../state/reduce.ts";
import { initialState, type Effect, type Event, type State } from "../state/state.ts";
import { attachEndEvent } from "./attach-end.ts";
import { operate } from "./operations.ts";
import { Screen } from "./screen.ts";

export interface TuiOptions {
  access: Access;
  operator: string | null;
  colors: boolean;
  /** What the session is told of the terminal. */
  term: string | undefined;
  colorterm: string | undefined;
  stdin: ReadStream;
  stdout: WriteStream;
  /** Called with what restores the terminal, as soon as there is something to restore. */
  onTerminal: (restore: () => void) => void;
}

/** Milliseconds between full reloads. Changes come as events; this heals what was lost. */
const reloadEvery = 15_000;

/** Runs the list until the operator quits or the terminal is gone. */
export async function runTui(options: TuiOptions): Promise<void> {
  const { stdin, stdout } = options;
  let quit = (): void => {};
  const done = new Promise<void>((resolve) => (quit = resolve));
  const screen = new Screen({
    stdin,
    stdout,
    colors: options.colors,
    listener: {
      key: (name) => dispatch({ type: "key", name }),
      paste: (text) => dispatch({ type: "paste", text }),
      resize: (size) => dispatch({ type: "resize", size }),
      gone: () => quit(),
    },
  });
  options.onTerminal(() => screen.restore());

  let state: State = initialState({ size: screen.size(), now: Date.now(), operator: options.operator });
  let drawing: NodeJS.Immediate | undefined;
  const up = new Set<string>();
  const pool = new AgentPool({
    access: options.access,
    operator: options.operator,
    keep: true,
    onChange: (agentId, down) => {
      if (down === null) up.add(agentId);
      else up.delete(agentId);
      dispatch({ type: "link", agentId, down });
    },
  });

  function dispatch(event: Event): void {
    const reduced = reduce(state, event);
    state = reduced.state;
    for (const effect of reduced.effects) perform(effect);
    // Many events of one turn make one frame.
    drawing ??= setImmediate(() => {
      drawing = undefined;
      screen.draw(frameOf(state));
    });
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case "quit":
        return quit();
      case "suspend":
        return screen.suspend();
      case "create":
      case "clone":
      case "edit":
      case "call":
      case "adopt":
      case "remove-orphan":
        return void operate({ pool, access: options.access, operator: options.operator }, effect, dispatch);
      case "attach":
        void attach(effect.row).catch((error: unknown) => {
          dispatch({ type: "failed", text: fault(error, "attach_failed").message });
        });
    }
  }

  async function attach({ session, agent }: Extract<Effect, { type: "attach" }>["row"]): Promise<void> {
    const io = screen.lend(`attaching to ${session.name} on ${agent}`);
    try {
      const { term, colorterm } = options;
      const { access, operator } = options;
      const header = {
        id: session.uuid,
        ...(term && { term }),
        ...(colorterm && { colorterm }),
        ...(operator && { operator }),
      };
      const { agent_id, uuid, name } = session;
      void tellAudit(access, { operator, verb: "attach", agent_id, session: uuid, name, result: "ok" });
      const link = pool.link(agent_id);
      const end = await attachSession(link, { header, io, notice: io.notice });
      dispatch(attachEndEvent(end, session.name));
    } finally {
      screen.takeBack();
    }
  }

  function reload(): void {
    for (const agentId of up) {
      const version = state.fleet.versions.get(agentId) ?? 0;
      pool.call(agentId, "list", {}).then(
        (sessions) => dispatch({ type: "listed", agentId, version, sessions }),
        () => {},
      );
    }
  }

  const watch = watchFleet(options.access, {
    message(message) {
      dispatch({ type: "fleet", message });
      if (message.type === "snapshot" || message.type === "agent" || message.type === "agent.removed") {
        pool.follow(state.fleet.agents.keys());
      }
    },
    down: (error) => dispatch({ type: "status-down", error }),
  });
  const tick = () => dispatch({ type: "tick", now: Date.now(), load: loadavg()[0] ?? 0 });
  const timers = [setInterval(tick, 1_000), setInterval(reload, reloadEvery)];
  tick();
  try {
    await done;
  } finally {
    for (const timer of timers) clearInterval(timer);
    watch.close();
    pool.close();
    screen.restore();
    stdin.unref();
  }
}
