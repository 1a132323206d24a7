import { ConvocateError, type ErrorCode } from "../../protocol/errors.ts";

/** What was thrown, as the one wire error; `code` for what is not one yet. */
export function fault(error: unknown, code: ErrorCode, doing?: string): ConvocateError {
  if (error instanceof ConvocateError) return error;
  const why = messageOf(error);
  return new ConvocateError(code, doing === undefined ? why : `${doing}: ${why}`, { cause: error });
}

/** System errors of another realm are no instances of our Error: their fields tell. */
export function messageOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error);
  const message: unknown = Reflect.get(error, "message");
  return typeof message === "string" && message !== "" ? message : "it failed without saying why";
}

/** ENOENT and its like. */
export function systemCode(error: unknown): unknown {
  return typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
}
