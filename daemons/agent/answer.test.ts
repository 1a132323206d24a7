import { ConvocateError } from "../../protocol/errors.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { failure, parseRequest, tellable } from "./answer.ts";

test.each([
  ["{", /^malformed request: ./],
  ["", /^malformed request: ./],
  ["null", /^malformed request: request: ./],
  ["[]", /^malformed request: request: ./],
  ['"ping"', /^malformed request: request: ./],
  ["{}", /^malformed request: op: ./],
  ['{"op":5}', /^malformed request: op: ./],
  ['{"op":"ping","params":[]}', /^malformed request: params: ./],
  ['{"op":"ping","id":{}}', /^malformed request: id: ./],
  [`{"op":"ping","id":"${"x".repeat(65)}"}`, /^malformed request: id: ./],
  ['{"op":"ping","id":1e999}', /^malformed request: id: ./],
])("%j is malformed, and the answer says how", (text, message) => {
  expect(() => parseRequest(text)).toThrow(
    expect.objectContaining({
      code: "malformed_request",
      message: expect.stringMatching(message) as string,
    }) as Error,
  );
});

test("what a client may send: fields of later versions, null and absent params", () => {
  expect(parseRequest('{"op":"ping"}')).toEqual({ op: "ping" });
  expect(parseRequest('{"op":"ping","params":null,"id":7,"later":1}')).toMatchObject({ op: "ping", id: 7 });
});

test("a deep request is answered, not a stack overflow", () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  expect(() => parseRequest(deep)).toThrow("malformed request: ");
});

test("our errors are told as they are; others stay in the log", () => {
  const log = new MemoryLog();
  const ours = new ConvocateError("no_port", "no available port at or above 1001");
  expect(failure(tellable(ours, { log }, "create"))).toEqual({
    ok: false,
    error: "no available port at or above 1001",
    code: "no_port",
  });
  expect(log.lines).toEqual([]);
  const strange = new Error("ENOENT: open '/var/lib/convocate-agent/sessions/x.json'");
  expect(tellable(strange, { log }, "create")).toMatchObject({
    code: "internal",
    message: "internal error: see the agent's journal",
  });
  expect(log.lines[0]).toMatchObject({ level: "error", fields: { op: "create", err: strange } });
});

test.each([
  { code: "ECONNREFUSED", syscall: "connect" },
  { code: "EACCES", syscall: "connect" },
  { code: "ENOENT", syscall: "connect" },
  { code: "ECONNRESET" },
])("an engine that is gone is told as that: %j", (system) => {
  const error = Object.assign(new Error("connect /var/run/docker.sock"), system);
  expect(tellable(error, { log: new MemoryLog() }, "restart")).toMatchObject({
    code: "engine",
    message: "the Docker Engine does not answer: see the agent's journal",
  });
});

test.each([
  [
    "(HTTP code 500) server error - error mounting /home/convocate/x-1/y to rootfs at /home/convocate: denied\nstack",
    "the Docker Engine refused: server error - error mounting … to rootfs at … denied",
  ],
  [
    "(HTTP code 409) conflict - port is already allocated",
    "the Docker Engine refused: conflict - port is already allocated",
  ],
  [
    "(HTTP code 404) no such image - No such image: a/b/c:1",
    "the Docker Engine refused: no such image - No such image: a/b/c:1",
  ],
  ['(HTTP code 400) "/etc/passwd" and (/root/.ssh)', 'the Docker Engine refused: "…" and (…)'],
])("the engine's words without this host's paths: %s", (message, wanted) => {
  const error = Object.assign(new Error(message), { statusCode: 500 });
  expect(tellable(error, { log: new MemoryLog() }, "restart")).toMatchObject({
    code: "engine",
    message: wanted,
  });
});
