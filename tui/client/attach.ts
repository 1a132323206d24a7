import type { AttachHeader } from "../../protocol/attach.ts";
import type { ConvocateError } from "../../protocol/errors.ts";
import { stateOf } from "../../protocol/session.ts";
import { backoffDelay } from "../../protocol/transport.ts";
import { fault } from "./fault.ts";
import type { Delay } from "./fleet-socket.ts";
import type { AgentLink, Established } from "./link.ts";
import { relay, type AttachEnd, type AttachIo } from "./relay.ts";

export interface AttachOptions {
  header: Omit<AttachHeader, "cols" | "rows">;
  io: AttachIo;
  /** One line for the operator: the link was lost, or is back. */
  notice: (text: string) => void;
  delay?: Delay;
}

/** Milliseconds for which what is typed ahead of the first attach is kept for the session. */
const firstPatience = 1_000;

/** Milliseconds for which a lost link is not worth a word, as when the agent starts anew: what is typed is kept for the session. */
const quietPatience = 2_000;

/** Milliseconds between two attempts in that time. */
const quietDelay = 200;

/** Milliseconds that what was typed ahead gets to come and be passed over: it answers no question. */
const typedAhead = 100;

/** Milliseconds for which an attach to a v2 agent is tried again while its container comes up. */
const v2Patience = 5_000;

/** Attaches until the session or the operator ends it; a lost link is re-attached by itself, Q gives up. */
export async function attachSession(link: AgentLink, options: AttachOptions): Promise<AttachEnd> {
  let end = await first(link, options);
  while (end.kind === "lost") {
    const again = await back(link, options, end.error);
    if (!("connection" in again)) return again;
    end = await relay(again, options.header, options.io);
  }
  return end;
}

async function first(link: AgentLink, options: AttachOptions): Promise<AttachEnd> {
  const quit = listenForQuit(options.io, firstPatience);
  try {
    const established = await Promise.race([link.established(), quit.asked]);
    quit.stop();
    if (!established) return { kind: "given-up" };
    if (established.rpc.v2) return await firstOfV2(established, options);
    return await relay(established, options.header, options.io);
  } catch (error) {
    return { kind: "failed", error: fault(error, "attach_failed") };
  } finally {
    quit.stop();
  }
}

/** A v2 agent starts nothing on attach, and its terminal is not there at once after a start. */
async function firstOfV2(established: Established, options: AttachOptions): Promise<AttachEnd> {
  const { id } = options.header;
  const { rpc } = established;
  if (stateOf(await rpc.call("get", { id })) === "stopped") await rpc.call("restart", { id });
  const deadline = Date.now() + v2Patience;
  for (;;) {
    const end = await relay(established, { id }, options.io);
    if (end.kind !== "failed" || Date.now() > deadline) return end;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Waits for the link. A session that ended meanwhile is not started again by attaching to it. */
async function back(
  link: AgentLink,
  { header, io, notice, delay = backoffDelay }: AttachOptions,
  lost: ConvocateError,
): Promise<Established | AttachEnd> {
  const quit = listenForQuit(io, quietPatience);
  let told = false;
  const tell = setTimeout(() => {
    told = true;
    notice(`${lost.message}; re-attaching, Q for the list`);
  }, quietPatience);
  try {
    for (let attempt = 0; ;) {
      try {
        const established = await Promise.race([link.established(), quit.asked]);
        if (!established) return { kind: "given-up" };
        const session = await established.rpc.call("get", { id: header.id });
        if (stateOf(session) === "stopped") return { kind: "container-stopped" };
        if (told) notice(`the link to agent ${established.registration.name} is back`);
        return established;
      } catch (error) {
        const reason = fault(error, "attach_failed");
        if (reason.code === "not_found") return { kind: "failed", error: reason };
        const ms = told ? delay(attempt++) : quietDelay;
        // The reason last: it is what a narrow screen cuts.
        if (told)
          notice(`trying again in ${String(Math.ceil(ms / 1000))} s, Q for the list: ${reason.message}`);
        if ((await Promise.race([pause(ms), quit.asked])) === null) return { kind: "given-up" };
      }
    }
  } finally {
    clearTimeout(tell);
    quit.stop();
  }
}

/** Ctrl-C too: it is what people press when nothing happens. */
const quitKeys = ["q", "Q", "\u0003"];

interface Quit {
  /** Resolves when the operator gives up. */
  asked: Promise<null>;
  stop: () => void;
}

/** Leaves what is typed to the session for `afterMs`; from then on a key may give up. */
function listenForQuit({ input, interactive }: AttachIo, afterMs: number): Quit {
  if (!interactive) return { asked: new Promise(() => {}), stop: () => {} };
  const armed = Date.now() + afterMs;
  let onData = (_: Buffer) => {};
  const asked = new Promise<null>((resolve) => {
    onData = (chunk) => {
      if (Date.now() >= armed && quitKeys.some((key) => chunk.includes(key))) resolve(null);
    };
  });
  const timer = setTimeout(() => input.on("data", onData).resume(), afterMs - typedAhead);
  const stop = () => {
    clearTimeout(timer);
    if (input.listeners("data").includes(onData)) input.off("data", onData).pause();
  };
  return { asked, stop };
}

const pause = (ms: number): Promise<true> => new Promise((resolve) => setTimeout(() => resolve(true), ms));
