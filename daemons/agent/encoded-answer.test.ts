import { encodeLine } from "../../protocol/codec.ts";
import type { Response } from "../../protocol/rpc.ts";
import { encodeAnswer } from "./encoded-answer.ts";

const line = (response: Response) => encodeAnswer(response).map(String).join("");

test.each<[string, Response]>([
  ["an object", { ok: true, result: { agent_id: "a" }, id: 1 }],
  ["nothing", { ok: true, result: {} }],
  ["an error", { ok: false, error: "no", code: "no_session", id: "x" }],
  ["no sessions", { ok: true, result: [] }],
  ["sessions", { ok: true, result: [{ name: "ä\n" }, { name: '"' }] }],
  ["sessions, asked for with a number", { ok: true, result: [{ name: "a" }], id: 7 }],
  ["sessions, asked for with a text", { ok: true, result: [{ name: "a" }], id: '"' }],
])("%s: the bytes of the plain encoding", (_, response) => {
  expect(line(response)).toBe(encodeLine(response));
});

const long = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `session ${String(n)}` }));

test("a long list is encoded once, for whoever asks; another one that looks the same is not taken for it", () => {
  const list = long(10_000);
  const answer = { ok: true, result: list, id: 1 } as const;
  expect(line(answer)).toBe(encodeLine(answer));
  const [, first] = encodeAnswer(answer);
  expect(encodeAnswer({ ok: true, result: list })[1]).toBe(first);
  expect(encodeAnswer({ ok: true, result: long(10_000) })[1]).not.toBe(first);
});

test("what fits into one packet is one part", () => {
  expect(encodeAnswer({ ok: true, result: long(1_000), id: 1 })).toHaveLength(1);
});
