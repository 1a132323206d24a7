/** Every error text of v2, to the letter, as a client of v2 provokes and reads it. */
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { errors, ErrorCode } from "../../protocol/errors.ts";
import { FakeEngine } from "../docker/engine.fake.ts";
import { PlainClient } from "./client.fake.ts";
import { Registry } from "./registry.ts";
import { ScratchAgent } from "./scratch-agent.ts";
import { uuid } from "./scratch-folder.fake.ts";

const engine = new FakeEngine();
engine.images.add("convocate:1");
const agent = new ScratchAgent({ engine, image: "convocate:1" });
let client: PlainClient;
/** A stopped session; a locked one, whose lock is a living process's; a running one. */
let id: string;
let locked: string;
let running: string;

beforeAll(async () => {
  await agent.open();
  client = await PlainClient.connect(agent);
  const create = async (params: object) => String((await client.result("create", params))["uuid"]);
  id = await create({ name: "stopped", port: 2_000, dns_name: "taken.example" });
  locked = await create({ name: "locked" });
  running = await create({ name: "a b" });
  await client.result("restart", { id: running });
  writeFileSync(join(agent.homes, `${locked}.lock`), String(process.pid));
});
afterAll(async () => {
  client.close();
  await agent.close();
});

/** What is sent, and what comes back. */
interface Row {
  /** A call, or bytes as they are. */
  ask: () => readonly [op: string, params: unknown] | string;
  text: () => string | RegExp;
  code: ErrorCode;
}
const call =
  (op: string, params: () => unknown = () => null): Row["ask"] =>
  () => [op, params()];
const create = (more: object) => call("create", () => ({ name: "new", ...more }));
const row = (ask: Row["ask"], text: string | RegExp | (() => string), code: ErrorCode): Row => ({
  ask,
  text: typeof text === "function" ? text : () => text,
  code,
});

const lockedText = () => `session "${locked}" is currently locked (in use)`;
const nobody = uuid(404);
const noSession = (wanted: string) => `session "${wanted}" does not exist`;

/** By the name of the error: one that is added without a row here is an error of types. */
const table: Record<Exclude<keyof typeof errors, "attachNotFound" | "attachNoId">, Row[]> = {
  malformed: ["{\n", "nonsense\n", '"op"\n', "{}", '{"op":1}', "[]", '{"params":null}\n'].map((bytes) =>
    row(() => bytes, /^malformed request: ./, "malformed_request"),
  ),
  unknownOp: [
    row(call("nonsense"), 'unknown op: "nonsense"', "unknown_op"),
    row(call('"'), 'unknown op: "\\""', "unknown_op"),
    row(call("__proto__"), 'unknown op: "__proto__"', "unknown_op"),
  ],
  decodeParams: [
    row(create({ Port: 1 }), 'decode params: json: unknown field "Port"', "bad_params"),
    row(
      call("ping", () => ({ a: 1 })),
      'decode params: json: unknown field "a"',
      "bad_params",
    ),
    row(create({ port: "x" }), /^decode params: port: ./, "bad_params"),
  ],
  noSession: [
    ...["get", "kill", "delete", "restart", "background", "override"].map((op) =>
      row(
        call(op, () => ({ id: nobody })),
        noSession(nobody),
        "not_found",
      ),
    ),
    row(
      call("edit", () => ({ id: nobody, name: "x" })),
      noSession(nobody),
      "not_found",
    ),
    row(
      call("clone", () => ({ source_id: nobody, name: "x" })),
      noSession(nobody),
      "not_found",
    ),
    row(call("get"), noSession(""), "not_found"),
    row(
      call("kill", () => ({ id: "../../etc" })),
      noSession("../../etc"),
      "not_found",
    ),
  ],
  locked: [
    ...["kill", "delete", "restart"].map((op) =>
      row(
        call(op, () => ({ id: locked })),
        lockedText,
        "locked",
      ),
    ),
    row(
      call("edit", () => ({ id: locked, name: "x" })),
      lockedText,
      "locked",
    ),
    row(
      call("clone", () => ({ source_id: locked, name: "x" })),
      lockedText,
      "locked",
    ),
  ],
  notLocked: [
    row(
      call("override", () => ({ id })),
      () => `session "${id}" is not locked`,
      "not_locked",
    ),
  ],
  inUse: [
    row(
      call("override", () => ({ id: locked })),
      () => `session "${locked}" is actively in use by process ${String(process.pid)}`,
      "in_use",
    ),
  ],
  alreadyRunning: [
    row(
      call("restart", () => ({ id: running })),
      'session "a b" already running',
      "already_running",
    ),
  ],
  dnsTaken: [
    row(
      create({ dns_name: "TAKEN.example" }),
      'DNS name "taken.example" is already assigned to another session',
      "dns_name_taken",
    ),
    row(
      call("edit", () => ({ id: running, name: "x", dns_name: "taken.example" })),
      'DNS name "taken.example" is already assigned to another session',
      "dns_name_taken",
    ),
  ],
  portTaken: [
    row(create({ port: 2_000 }), "port 2000/tcp is already assigned to another session", "port_taken"),
    row(
      call("edit", () => ({ id: running, name: "x", port: 2_000 })),
      "port 2000/tcp is already assigned to another session",
      "port_taken",
    ),
  ],
  invalidPort: [-2, 65_536, 2 ** 31].map((port) =>
    row(create({ port }), `invalid port: ${String(port)}`, "port_invalid"),
  ),
  noPort: [
    row(
      () => {
        // 64,535 sessions would take a minute.
        const all = Array.from({ length: 64_535 }, (_, n) => ({ uuid: uuid(n), port: 1_001 + n }));
        jest.spyOn(Registry.prototype, "neighbours").mockReturnValueOnce(all);
        return ["create", { name: "new", port: -1 }];
      },
      "no available port at or above 1001",
      "no_port",
    ),
  ],
  badProtocol: [
    row(create({ protocol: "icmp" }), 'protocol must be "tcp" or "udp", got "icmp"', "protocol_invalid"),
  ],
  emptyName: [
    row(create({ name: "" }), "session name cannot be empty", "name_invalid"),
    row(
      call("edit", () => ({ id, name: "" })),
      "session name cannot be empty",
      "name_invalid",
    ),
    row(
      call("clone", () => ({ source_id: id })),
      "session name cannot be empty",
      "name_invalid",
    ),
  ],
  longName: [
    row(create({ name: "x".repeat(65) }), "session name cannot exceed 64 characters", "name_invalid"),
  ],
  // Ours: v2 copies what is being written to.
  running: [
    row(
      call("clone", () => ({ source_id: running, name: "x" })),
      'session "a b" is running: kill it, then clone it',
      "running",
    ),
  ],
};

test.each(Object.entries(table).flatMap(([name, rows]) => rows.map((one, n) => [name, n, one] as const)))(
  "%s, %i",
  async (_name, _n, { ask, text, code }) => {
    const asked = ask();
    const answer: unknown =
      typeof asked === "string" ? JSON.parse(await client.exchange(asked)) : await client.call(...asked);
    const told = text();
    expect(answer).toEqual({
      ok: false,
      error: typeof told === "string" ? told : (expect.stringMatching(told) as string),
      code,
    });
  },
);

test.each([
  ["{}", "bad attach header: missing id", "attach_failed"],
  ['{"id":""}', "bad attach header: missing id", "attach_failed"],
  [`{"id":"${nobody}"}`, `attach: session "${nobody}" not found`, "not_found"],
])("attach %s", async (header, error, code) => {
  const channel = await client.open("convocate-agent-attach");
  let text = "";
  channel.on("data", (chunk: Buffer) => (text += chunk.toString()));
  channel.write(`${header}\n`);
  await new Promise((resolve) => channel.once("close", resolve));
  expect(JSON.parse(text)).toEqual({ ok: false, error, code });
});

test("a lock that is a day old is nobody's, and is lifted by override", async () => {
  utimesSync(join(agent.homes, `${locked}.lock`), 0, 0);
  expect(await client.call("kill", { id: locked })).toMatchObject({ error: lockedText() });
  await client.result("override", { id: locked });
  await client.result("restart", { id: locked });
});
