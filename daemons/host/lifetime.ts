import { InvalidArgumentError } from "commander";
import { exitStatus } from "../../protocol/errors.ts";
import type { Log } from "./log.ts";
import type { Notifier } from "./notify.ts";

/** Asked to end, a daemon ends within this many milliseconds, whoever keeps a connection open. */
const endingMs = 9_000;

export interface Lifetime {
  log: Log;
  notifier: Notifier;
  /** Ends the daemon; `reason` is the signal that asked for it. */
  close: (reason: string) => Promise<void>;
  exit: (code: number) => void;
  /** Reads its settings again (SIGHUP). */
  reload?: () => Promise<void>;
}

/** Tells the service manager that a daemon is ready, lets it reload on SIGHUP, and ends it on SIGTERM or SIGINT. */
export function liveUntilSignal({ log, notifier, close, exit, reload }: Lifetime): void {
  const end = (signal: string) => {
    log.info({ signal }, "ending");
    notifier.stopping();
    setTimeout(() => exit(exitStatus.failed), endingMs).unref();
    close(signal).then(
      () => exit(exitStatus.ok),
      (error: unknown) => {
        log.error({ err: error }, "did not end cleanly");
        exit(exitStatus.failed);
      },
    );
  };
  // A defect of ours ends the daemon, and the service manager starts it again: sessions do not notice.
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "crashed");
    exit(exitStatus.failed);
  });
  // Without a listener SIGHUP would end it.
  process.on("SIGHUP", () => void reload?.());
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  notifier.ready();
}

/** A command line's tcp port, 0 to 65535. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError("a port is 0 to 65535 (0: any free one).");
  return port;
}
