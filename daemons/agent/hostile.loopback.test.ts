/** What a client must not be able to do, and 2,000 lines that nobody thought of. */
import fc from "fast-check";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ops, response } from "../../protocol/rpc.ts";
import { FakeEngine } from "../docker/engine.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

jest.setTimeout(60_000);

const engine = new FakeEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
let client: PlainClient;
let id: string;

beforeAll(async () => {
  await agent.open();
  client = await PlainClient.connect(agent);
  id = String((await client.result("create", { name: "only" }))["uuid"]);
});
afterAll(async () => {
  client.close();
  await agent.close();
});
/** The session is as it was, nothing lies beside it, and nothing went wrong inside. */
const untouched = async () => {
  expect(await client.result("get", { id })).toMatchObject({ name: "only", state: "stopped" });
  expect(readdirSync(agent.folder).sort()).toEqual(["config", "homes", "state"]);
  expect(agent.log.lines.filter(({ level }) => level === "error")).toEqual([]);
};
const parse = (text: string) => response.parse(JSON.parse(text));

test("2 MiB without a newline: one error, and the end", async () => {
  const text = await client.exchange("x".repeat(2 << 20));
  expect(parse(text)).toEqual({
    ok: false,
    error: "request over 1048576 bytes",
    code: "request_too_large",
  });
  expect((await client.call("ping")).ok).toBe(true);
});

test.each([
  ["deep lists", `{"op":"ping","params":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`],
  ["deep objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
  ["deep labels", `{"op":"create","params":{"labels":{"a":${"[".repeat(9_999)}${"]".repeat(9_999)}}}}`],
  ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0xc3, 0x28, 0x7d, 0x0a])],
  ["a lone surrogate", '{"op":"get","params":{"id":"\\ud800"}}\n'],
  ["NUL bytes", Buffer.alloc(1000)],
  ["an op of half a MiB", `{"op":"${"x".repeat(1 << 19)}"}`],
])("%s: one error", async (_, text) => {
  expect(parse(await client.exchange(text, { eof: true })).ok).toBe(false);
  await untouched();
});

test("__proto__ is a name like any other", async () => {
  const polluted = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  await client.exchange(`{"op":"ping","params":${polluted}}`);
  await client.exchange(`{"op":"create","params":{"name":"x","labels":${polluted}}}`);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  await untouched();
});

test("ids are looked up, never made into paths", async () => {
  const ids = [
    "",
    ".",
    "..",
    "../",
    `../homes/${id}`,
    `${id}/`,
    `${id}/..`,
    `${id}\0`,
    ` ${id}`,
    "/etc/passwd",
  ];
  for (const wrong of [...ids, id.toUpperCase(), `{${id}}`, id.replaceAll("-", ""), "*", "%2e%2e"])
    for (const op of ["get", "kill", "delete", "restart", "background", "override", "edit"])
      expect(await client.call(op, { id: wrong, ...(op === "edit" && { name: "x" }) })).toEqual({
        ok: false,
        error: `session ${JSON.stringify(wrong)} does not exist`,
        code: "not_found",
      });
  await untouched();
});

test.each(["a\nb", "a\u001b[2J", "a\u0000", "a\u007f", "a\u202eb", "<script>", "a/../b", "`id`"])(
  "name %j is refused, and shown without its control characters",
  async (name) => {
    const { error, code } = await client.call("create", { name });
    expect(code).toBe("name_invalid");
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    expect(error).not.toMatch(/[\u0000-\u001f]/);
    await untouched();
  },
);

test("2,000 random requests: each gets answers in the documented form, and the agent is as before", async () => {
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(id, "..", -1, 65_536, "", "ping", null));
  const name = fc.constantFrom(
    "id",
    "name",
    "port",
    "protocol",
    "dns_name",
    "command",
    "limits",
    "__proto__",
  );
  const request = fc.record(
    {
      op: fc.oneof(
        fc.constantFrom(...Object.keys(ops).filter((op) => op !== "delete" && op !== "watch")),
        odd,
      ),
      params: fc.oneof(fc.dictionary(name, odd), odd),
      id: fc.oneof(fc.nat(), odd),
    },
    { requiredKeys: ["op"] },
  );
  const line = fc.oneof(
    { weight: 3, arbitrary: request.map((value) => Buffer.from(JSON.stringify(value))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(request, fc.nat(), fc.nat(255))
        .map(([value, at, byte]) => flip(Buffer.from(JSON.stringify(value)), at, byte)),
    },
  );
  await fc.assert(
    fc.asyncProperty(line, async (bytes) => {
      const text = await client.exchange(bytes, { eof: true });
      const lines = text.split("\n").slice(0, -1);
      if (bytes.toString().trim() !== "") expect(lines.length).toBeGreaterThan(0);
      for (const answer of lines) expect(parse(answer)).not.toMatchObject({ code: "internal" });
    }),
    { seed: 20_260_101, numRuns: 2_000 },
  );
  expect(agent.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  expect(readdirSync(agent.folder).sort()).toEqual(["config", "homes", "state"]);
  const known = (await client.list()).map((session) => `${String(session["uuid"])}.json`);
  expect(readdirSync(join(agent.stateDir, "sessions")).sort()).toEqual(known.sort());
});

const flip = (bytes: Buffer, at: number, byte: number) => {
  bytes[at % bytes.length] = byte;
  return bytes;
};
