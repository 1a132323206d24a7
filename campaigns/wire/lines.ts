import { ops } from "../../protocol/rpc.ts";
import type { Random } from "../random.ts";

/** `watch` never ends by itself. */
const names = Object.keys(ops).filter((op) => op !== "watch");

const odd: readonly unknown[] = [
  ...["", "..", "\u0000", "\ud800", "x".repeat(70), "ping", "tcp", "01HZ"],
  ...[null, true, -1, 0, 65_536, 1.5, 2 ** 53, 1e308, [], {}, [[]], { a: { b: [] } }],
];

/** A request in the documented form about one of `ids`, of which some fields are wrong. */
function request(random: Random, ids: readonly string[]): Record<string, unknown> {
  const id = random.chance(0.7) ? random.pick(ids) : random.pick(odd);
  const params: Record<string, unknown> = { id, source_id: id, name: "x", port: 4_000, protocol: "tcp" };
  for (const field of ["dns_name", "command", "limits", "labels", "repo", "branch", "__proto__", "force"])
    if (random.chance(0.2)) params[field] = random.pick(odd);
  for (const field of Object.keys(params)) {
    if (random.chance(0.4)) Reflect.deleteProperty(params, field);
    else if (random.chance(0.1)) params[field] = random.pick(odd);
  }
  return {
    op: random.chance(0.9) ? random.pick(names) : random.pick(odd),
    ...(random.chance(0.9) && { params: random.chance(0.95) ? params : random.pick(odd) }),
    ...(random.chance(0.3) && { id: random.pick([1, "a", -0.5, ...odd]) }),
  };
}

/** Some bytes of a line replaced, removed, or twice there. */
function mutated(random: Random, line: Buffer): Buffer {
  let bytes = line;
  for (let n = random.int(1, 4); n > 0 && bytes.length > 1; n--) {
    const at = random.int(0, bytes.length - 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const how = random.weighted({ replace: 3, remove: 2, insert: 2, repeat: 1, cut: 1 });
    if (how === "replace") bytes = Buffer.concat([before, random.bytes(1), after.subarray(1)]);
    else if (how === "remove") bytes = Buffer.concat([before, after.subarray(random.int(1, 9))]);
    else if (how === "insert")
      bytes = Buffer.concat([before, Buffer.from(random.pick([...'{}[]"\\\n,:0'])), after]);
    else if (how === "repeat") bytes = Buffer.concat([bytes, after]);
    else bytes = before;
  }
  return bytes;
}

/** Small to send, large or deep to read. */
function bomb(random: Random): string {
  const much = random.int(1_000, 100_000);
  return random.pick([
    () => `{"op":"ping","params":{"a":${"[".repeat(much)}${"]".repeat(much)}}}`,
    () => `${'{"a":'.repeat(much)}1${"}".repeat(much)}`,
    () =>
      `{"op":"create","params":{"labels":{${Array.from({ length: much / 10 }, (_, n) => `"${String(n)}":""`).join(",")}}}}`,
    () => `{"op":"get","params":{"id":"${"\\u0041".repeat(much)}"}}`,
    () => `{"op":"create","params":{"port":${"9".repeat(much)}}}`,
    () => `{"op":"ping",${'"params":{},'.repeat(much / 10)}"id":1}`,
    () => "[".repeat(much),
    () => `{"op":"${"\u202e".repeat(much)}"}`,
    () => `"${"\\".repeat(much)}`,
    () => `${" \t\r".repeat(much)}`,
  ])();
}

/** One line that nobody thought of; it names no session but those of `ids`. */
export function fuzzLine(random: Random, ids: readonly string[]): Buffer {
  const valid = () => Buffer.from(JSON.stringify(request(random, ids)));
  const kind = random.weighted({ valid: 40, mutated: 40, bytes: 15, bomb: 1 });
  if (kind === "valid") return valid();
  if (kind === "mutated") return mutated(random, valid());
  if (kind === "bytes") return random.bytes(random.int(1, 300));
  return Buffer.from(bomb(random));
}
