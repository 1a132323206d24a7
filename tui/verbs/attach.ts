import { ReadStream, WriteStream } from "node:tty";
import { tellAudit } from "../client/access.ts";
import { attachSession } from "../client/attach.ts";
import type { AttachEnd, AttachIo } from "../client/relay.ts";
import { clean } from "../render/clean.ts";
import { leaveTerminal, noticeLine } from "../render/modes.ts";
import type { Context } from "./context.ts";
import { onSession } from "./on-agent.ts";

/** Attaches this terminal to a session until one of them ends. Without a terminal: bytes, at 80x24. */
export async function attach(
  context: Context,
  wanted: string,
  options: { agent?: string; readOnly?: boolean; onTerminal: (restore: () => void) => void },
): Promise<void> {
  await onSession(context, { ...options, wanted }, async (session, pool) => {
    const { access, operator, term, colorterm } = context;
    const header = {
      id: session.uuid,
      ...(options.readOnly && { mode: "ro" as const }),
      ...(term && { term }),
      ...(colorterm && { colorterm }),
      ...(operator && { operator }),
    };
    const terminal = openTerminal(context);
    options.onTerminal(terminal.restore);
    let end: AttachEnd;
    try {
      const link = pool.link(session.agent_id);
      const { agent_id, uuid, name } = session;
      void tellAudit(access, { operator, verb: "attach", agent_id, session: uuid, name, result: "ok" });
      end = await attachSession(link, { header, io: terminal.io, notice: terminal.notice });
      // tmux cleans up after itself when it detaches; nobody does when the link is gone.
      if (end.kind === "given-up" || end.kind === "lost") terminal.reset();
    } finally {
      terminal.restore();
    }
    report(context, end, clean(session.name));
  });
}

function report({ stderr }: Context, end: AttachEnd, name: string): void {
  if (end.kind === "failed" || end.kind === "lost") throw end.error;
  if (end.kind === "session-ended") stderr.write(`session ${name} ended\n`);
  if (end.kind === "container-stopped") stderr.write(`the container of ${name} was stopped\n`);
}

interface Terminal {
  io: AttachIo;
  notice: (text: string) => void;
  reset: () => void;
  restore: () => void;
}

function openTerminal({ stdin, stdout, stderr }: Context): Terminal {
  const tty = stdout instanceof WriteStream ? stdout : null;
  const size = () => ({ cols: tty?.columns || 80, rows: tty?.rows || 24 });
  if (stdin instanceof ReadStream) stdin.setRawMode(true);
  return {
    io: {
      interactive: stdin instanceof ReadStream,
      input: stdin,
      output: stdout,
      size,
      onResize(listener) {
        tty?.on("resize", listener);
        return () => tty?.off("resize", listener);
      },
    },
    notice: (text) => {
      if (tty) tty.write(noticeLine(text, size()));
      else stderr.write(`${clean(text)}\n`);
    },
    reset: () => void tty?.write(leaveTerminal),
    restore: () => {
      if (stdin instanceof ReadStream) stdin.setRawMode(false);
    },
  };
}
