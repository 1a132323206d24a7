import { messageOf, systemCode } from "../client/fault.ts";

/** Why a file cannot be looked at, in words. */
export function fileError(error: unknown): string {
  switch (systemCode(error)) {
    case "ENOENT":
      return "it is not there";
    case "EACCES":
      return "we may not read it";
    default:
      return messageOf(error);
  }
}
