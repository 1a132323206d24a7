import type { Readable, Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { attachExit, type AttachHeader } from "../../protocol/attach.ts";
import { encodeLine } from "../../protocol/codec.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { subsystems } from "../../protocol/transport.ts";
import { AttachAnswer } from "./attach-answer.ts";
import { fault } from "./fault.ts";
import type { Established } from "./link.ts";

/** The operator's terminal, as bytes. */
export interface AttachIo {
  /** Somebody sits at it and may give up waiting; else input is data from its first byte. */
  interactive: boolean;
  input: Readable;
  output: Writable;
  size(): { cols: number; rows: number };
  /** Returns what stops listening. */
  onResize(listener: () => void): () => void;
}

/** How an attach ended. `lost`: the link, not the session; `given-up`: the operator did not wait for it. */
export type AttachEnd =
  | { kind: "detached" | "session-ended" | "container-stopped" | "given-up" }
  | { kind: "failed" | "lost"; error: ConvocateError };

/** Relays bytes between the terminal and the session until one of them ends. */
export async function relay(
  { connection, rpc, registration }: Established,
  header: Omit<AttachHeader, "cols" | "rows">,
  io: AttachIo,
): Promise<AttachEnd> {
  let reason: ConvocateError | null = null;
  const forget = connection.onClose((error) => (reason = error));
  let channel: ClientChannel;
  try {
    channel = await connection.open(subsystems.attach);
  } catch (error) {
    return { kind: "lost", error: fault(error, "attach_failed") };
  }
  channel.write(encodeLine({ ...header, ...io.size() }));

  const { status, answer } = await pump(channel, io, {
    v2: rpc.v2,
    resized: () => connection.resize(channel, io.size()),
  });
  // A lost connection closes its channels first and itself in the same turn.
  await new Promise((resolve) => setImmediate(resolve));
  forget();
  if (answer) return { kind: "failed", error: answer };
  if (status !== null) return endOf(status);
  if (rpc.v2 && reason === null) return { kind: "detached" };
  const lost = `the link to agent ${registration.name} was lost`;
  return { kind: "lost", error: reason ?? new ConvocateError("unreachable", lost) };
}

function endOf(status: number): AttachEnd {
  if (status === attachExit.detached) return { kind: "detached" };
  if (status === attachExit.sessionEnded) return { kind: "session-ended" };
  if (status === attachExit.containerStopped) return { kind: "container-stopped" };
  const what = `the session's terminal ended with status ${String(status)}`;
  return { kind: "failed", error: new ConvocateError("attach_failed", what) };
}

interface Pumped {
  /** null: no exit status came. */
  status: number | null;
  /** The failure the agent sent instead of a terminal. */
  answer: ConvocateError | null;
}

function pump(
  channel: ClientChannel,
  io: AttachIo,
  { v2, resized }: { v2: boolean; resized: () => void },
): Promise<Pumped> {
  const answer = new AttachAnswer({ trailing: v2 });
  let status: number | null = null;
  channel.on("exit", (code: unknown) => {
    if (typeof code === "number") status = code;
  });

  const onInput = (chunk: Buffer) => {
    if (!channel.write(chunk)) io.input.pause();
  };
  const onOutput = (chunk: Buffer) => {
    const bytes = answer.push(chunk);
    if (bytes.length > 0 && !io.output.write(bytes)) channel.pause();
    // A v2 agent takes what arrives before its terminal is up for part of the header.
    if (v2 && answer.seen) startInput();
  };
  const onInputEnd = () => channel.end();
  const onDrained = () => channel.resume();
  const onOutputGone = () => channel.close();
  let started = false;
  const startInput = () => {
    if (started) return;
    started = true;
    io.input.on("data", onInput).on("end", onInputEnd).resume();
  };

  channel.on("data", onOutput);
  channel.on("drain", () => started && io.input.resume());
  io.output.on("drain", onDrained).on("close", onOutputGone);
  const stopResize = io.onResize(resized);
  if (!v2) startInput();

  return new Promise((resolve) => {
    channel.once("close", () => {
      stopResize();
      io.input.off("data", onInput).off("end", onInputEnd).pause();
      io.output.off("drain", onDrained).off("close", onOutputGone);
      started = false;
      const last = answer.finish();
      if (Buffer.isBuffer(last)) {
        if (last.length > 0) io.output.write(last);
        resolve({ status, answer: null });
      } else {
        resolve({ status, answer: last });
      }
    });
  });
}
