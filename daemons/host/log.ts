import { pino } from "pino";
import { mappedStack } from "./stack.ts";

/** Structured log: fields first, then a sentence. pino fits it; tests pass their own. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What is told of an error, with the lines of our sources. */
function serializeError(error: unknown): unknown {
  const told: unknown = error instanceof Error ? pino.stdSerializers.err(error) : error;
  if (!(error instanceof Error) || error.stack === undefined) return told;
  return { ...Object(told), stack: mappedStack(error.stack) };
}

/** JSON lines on stderr, which systemd hands to the journal. */
export function createLog(name: string): Log {
  return pino(
    { name, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: serializeError } },
    pino.destination({ fd: 2, sync: true }),
  );
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
