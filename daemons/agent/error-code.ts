/** Whether an error of the system is this one, such as `ENOENT`. Not by class: a test's `Error` is not the system's. */
export const hasCode = (error: unknown, code: string): boolean => field(error, "code") === code;

/**
 * The engine cannot be reached: its socket is the only one that an operation connects to. One that just started has its
 * socket for a moment before we may use it.
 */
export const isEngineGone = (error: unknown): boolean =>
  ["ECONNREFUSED", "ECONNRESET", "EPIPE"].some((code) => hasCode(error, code)) ||
  (["ENOENT", "EACCES"].some((code) => hasCode(error, code)) && field(error, "syscall") === "connect");

const field = (error: unknown, name: string): unknown =>
  typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
