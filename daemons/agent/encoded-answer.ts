import { encodeLine } from "../../protocol/codec.ts";
import type { Response } from "../../protocol/rpc.ts";

/** Lists that were answered before, as JSON. The registry makes a new list when something changes, and changes none. */
const known = new WeakMap<object, Buffer>();

function encodeList(list: unknown[]): Buffer {
  const encoded = known.get(list) ?? Buffer.from(JSON.stringify(list));
  known.set(list, encoded);
  return encoded;
}

/** Bytes of one SSH packet: what fits into it is sent as one. */
const packet = 32_768;

/**
 * A response as a line, in parts to be written one after the other. A list is made into JSON once, not for every operator
 * who asks for it, and a long one is not copied: of 1,000 sessions it has 300 kB.
 */
export function encodeAnswer(response: Response): (string | Buffer)[] {
  if (!response.ok || !Array.isArray(response.result)) return [encodeLine(response)];
  const { ok, result, id } = response;
  const end = id === undefined ? "" : `,"id":${JSON.stringify(id)}`;
  const parts = [Buffer.from(`{"ok":${String(ok)},"result":`), encodeList(result), Buffer.from(`${end}}\n`)];
  const line = parts.reduce((sum, { length }) => sum + length, 0);
  return line > packet ? parts : [Buffer.concat(parts)];
}
