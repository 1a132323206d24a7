import type { ZodError } from "zod";
import { ConvocateError, errors } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/keys.ts";
import { isOp, ops, request, type Request, type Response } from "../../protocol/rpc.ts";
import { isEngineGone } from "./error-code.ts";
import type { Context } from "./context.ts";
import { operations } from "./operations/table.ts";

/** Parses one request. Throws `malformed request: …`. */
export function parseRequest(text: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw errors.malformed(
      error instanceof Error ? error.message.replace(/^.*?: /s, "").slice(0, 200) : "not JSON",
    );
  }
  const parsed = request.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw errors.malformed(`${issue?.path.join(".") || "request"}: ${issue?.message ?? "wrong"}`);
}

/** The id of a request that is wrong in other ways, so that its sender knows which one it was. */
export function salvageId(text: string): Pick<Request, "id"> {
  try {
    return request.pick({ id: true }).safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}

/** v2's words for what is wrong with parameters. */
function paramsError(error: ZodError): ConvocateError {
  const [issue] = error.issues;
  if (issue?.code === "unrecognized_keys") {
    return errors.decodeParams(
      `json: unknown field ${JSON.stringify([...issue.path, issue.keys[0]].join("."))}`,
    );
  }
  return errors.decodeParams(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "wrong"}`);
}

/** Name and schema come from one table: an operation takes what its schema gives. */
type Perform = (context: Context, params: unknown, caller: Principal) => Promise<unknown>;

async function perform(context: Context, { op, params }: Request, caller: Principal): Promise<unknown> {
  const operation = (operations as Record<string, Perform | undefined>)[op];
  if (!isOp(op) || !Object.hasOwn(operations, op) || !operation) throw errors.unknownOp(op);
  const decoded = ops[op].params.safeParse(params ?? {});
  if (!decoded.success) throw paramsError(decoded.error);
  return operation(context, decoded.data, caller);
}

/** An error as it may be told: an unexpected one stays in our log, and paths of this host are cut out. */
export function tellable(error: unknown, context: Pick<Context, "log">, op: string): ConvocateError {
  if (error instanceof ConvocateError) return error;
  context.log.error({ err: error, op }, "operation failed");
  if (isEngineGone(error))
    return new ConvocateError("engine", "the Docker Engine does not answer: see the agent's journal");
  const refused = error instanceof Error && "statusCode" in error;
  if (!refused) return new ConvocateError("internal", "internal error: see the agent's journal");
  const reason = error.message.replace(/^\(HTTP code \d+\) /, "").replace(/(?<![\w.])(\/[\w.@:-]+)+/g, "…");
  return new ConvocateError("engine", `the Docker Engine refused: ${reason.split("\n")[0]?.trim() ?? ""}`);
}

/** A session's id as it may be logged: it comes from the other side. */
const named = (id: unknown) => (typeof id === "string" ? id.slice(0, 64) : undefined);

/** Operations that change nothing and are asked all the time. */
const quiet = new Set(["ping", "list", "get", "logs", "capabilities", "settings-get", "watch"]);

/** Performs a request and says how it went; never throws. What changes something is logged with who asked for it. */
export async function answer(context: Context, wanted: Request, caller: Principal): Promise<Response> {
  const id = wanted.id === undefined ? {} : { id: wanted.id };
  const { op, params } = wanted;
  const asked = {
    op,
    by: `${caller.kind}=${caller.name}`,
    session: named(params?.["id"] ?? params?.["source_id"]),
  };
  try {
    const result = await context.work.run(() => perform(context, wanted, caller));
    if (!quiet.has(op)) context.log.info(asked, "done");
    return { ok: true, result, ...id };
  } catch (error) {
    const told = tellable(error, context, op);
    if (isOp(op) && !quiet.has(op)) context.log.info({ ...asked, refused: told.message }, "refused");
    return { ...failure(told), ...id };
  }
}

export function failure({ message, code }: ConvocateError): Response {
  return { ok: false, error: message, code };
}
