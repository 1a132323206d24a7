/** Every field of every operation, wrong in every way: a clear error that names it, and nothing changed. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ops, type Op } from "../../protocol/rpc.ts";
import { limits } from "../../protocol/session.ts";
import { FakeEngine } from "../docker/engine.fake.ts";
import { otherwise, wrongs, type Wrong } from "./bad-input.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { ScratchAgent } from "./scratch-agent.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
let client: PlainClient;
let id: string;

beforeAll(async () => {
  await agent.open();
  // It may ask for everything.
  client = await PlainClient.connect(agent, agent.fromShell.privateKey);
  id = String((await client.result("create", { name: "only" }))["uuid"]);
  await client.result("create", { name: "neighbour", port: 4_000, dns_name: "taken.example" });
});
afterAll(async () => {
  client.close();
  await agent.close();
});

/** Everything on disk, and everything told. */
async function everything(): Promise<unknown> {
  const files = [agent.stateDir, agent.homes].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile()
        ? `${path} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`
        : path;
    }),
  );
  return { files: files.sort(), sessions: await client.list(), containers: [...engine.containers.keys()] };
}

const orphan = "00000000-0000-4000-8000-000000000505";
/** Params with which the operation would be performed. */
const good: Partial<Record<Op, () => Record<string, unknown>>> = {
  create: () => ({ name: "new" }),
  edit: () => ({ id, name: "edited" }),
  clone: () => ({ source_id: id, name: "copy" }),
  import: () => ({ id: orphan, name: "brought", bytes: 1, files: 1 }),
};
const names = Object.keys(ops) as Op[];
const isDeep = (field: string) => field === "limits";
const fields = names.flatMap((op) =>
  Object.keys(ops[op].params.shape).flatMap((field): [Op, string][] => [
    [op, field],
    ...(isDeep(field) ? Object.keys(limits.shape).map((inner): [Op, string] => [op, `limits.${inner}`]) : []),
  ]),
);

function paramsOf(op: Op, field: string, { value, and }: Wrong): Record<string, unknown> {
  const [outer = "", inner] = field.split(".");
  return { ...good[op]?.(), ...and, [outer]: inner === undefined ? value : { [inner]: value } };
}

test("the table has the fields there are, and no others", () => {
  expect([...new Set(fields.map(([, field]) => field))].sort()).toEqual(Object.keys(wrongs).sort());
});

test.each(fields)("%s: %s", async (op, field) => {
  const before = await everything();
  const rows = otherwise[op]?.[field] ?? wrongs[field] ?? [];
  expect(rows.length).toBeGreaterThan(3);
  for (const row of rows) {
    const { ok, error, code } = await client.call(op, paramsOf(op, field, row));
    const shown = `${op} ${field}, ${row.what}, ${JSON.stringify(row.value).slice(0, 60)}: ${String(error).slice(0, 200)}`;
    expect(`${shown} ${String(ok)} ${String(code)}`).toBe(`${shown} false ${row.code}`);
    const says = row.says ?? new RegExp(field.replace(".", "\\."));
    if (!says.test(error ?? "")) throw new Error(`${shown}: does not say ${String(says)}`);
  }
  expect(await everything()).toEqual(before);
});

test.each(names)("%s: a field that it does not have, and params that are none", async (op) => {
  const before = await everything();
  for (const extra of ["x", "__proto", "uuid", "Name", "", "a\nb"]) {
    const { error, code } = await client.call(op, { ...good[op]?.(), [extra]: null });
    expect([code, error]).toEqual([
      "bad_params",
      `decode params: json: unknown field ${JSON.stringify(extra)}`,
    ]);
  }
  for (const params of [[], [1], "x", 7, true]) {
    const { error, code } = await client.call(op, params);
    expect(code).toBe("malformed_request");
    expect(error).toMatch(/^malformed request: params: ./);
  }
  expect(await everything()).toEqual(before);
});
