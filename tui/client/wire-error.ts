import { ConvocateError, isErrorCode, type ErrorCode } from "../../protocol/errors.ts";

/** v2 agents send texts without codes (spec/2 lists them): what each means to a script's exit status. */
const texts: [RegExp, ErrorCode][] = [
  [/^malformed request/, "malformed_request"],
  [/^unknown op/, "unknown_op"],
  [/^decode params/, "bad_params"],
  [/ does not exist$|^attach: session .* not found$/, "not_found"],
  [/ is currently locked/, "locked"],
  [/ is not locked$/, "not_locked"],
  [/ is actively in use/, "in_use"],
  [/ already running$/, "already_running"],
  [/^DNS name .* already assigned/, "dns_name_taken"],
  [/^port .* already assigned/, "port_taken"],
  [/^invalid port/, "port_invalid"],
  [/^no available port/, "no_port"],
  [/^protocol must be/, "protocol_invalid"],
  [/^session name cannot/, "name_invalid"],
];

/** The error an agent answered with, classified by its code, else by v2's text. */
export function wireError(answer: { error: string; code?: string | undefined }): ConvocateError {
  if (isErrorCode(answer.code)) return new ConvocateError(answer.code, answer.error);
  const row = texts.find(([pattern]) => pattern.test(answer.error));
  return new ConvocateError(row?.[1] ?? "internal", answer.error);
}
