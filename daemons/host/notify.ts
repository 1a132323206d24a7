import { execFile } from "node:child_process";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** Tells the service manager how we are (sd_notify(3)). */
export interface Notifier {
  /** Started: who waits for us may go on. From now on the watchdog is fed. */
  ready(): void;
  /** Asked to end, and ending. */
  stopping(): void;
}

/** The variables of the environment that systemd sets for a unit with `Type=notify` and `WatchdogSec=`. */
export interface NotifyEnvironment {
  NOTIFY_SOCKET?: string | undefined;
  /** Microseconds. */
  WATCHDOG_USEC?: string | undefined;
}

/**
 * By `systemd-notify`, because Node has no unix datagram sockets: the unit needs `NotifyAccess=all`. Without
 * NOTIFY_SOCKET nothing happens. The watchdog is fed from the event loop, at half its time: a hung loop is restarted.
 */
export function createNotifier(env: NotifyEnvironment, clock: Clock, log: Log): Notifier {
  const socket = env.NOTIFY_SOCKET ?? "";
  if (socket === "") return { ready() {}, stopping() {} };
  const notify = (message: string) => {
    execFile(
      "systemd-notify",
      [message],
      { env: { PATH: "/usr/bin:/bin", NOTIFY_SOCKET: socket } },
      (error) => {
        if (error) log.warn({ err: error }, `systemd-notify ${message} failed`);
      },
    );
  };
  const watchdogMs = Number(env.WATCHDOG_USEC ?? 0) / 1_000;
  const feed = () => {
    notify("WATCHDOG=1");
    clock.after(watchdogMs / 2, feed);
  };
  return {
    ready() {
      notify("--ready");
      if (watchdogMs > 0) feed();
    },
    stopping: () => notify("STOPPING=1"),
  };
}
