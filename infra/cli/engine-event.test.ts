import { readEngineEvent } from "./engine-event.ts";

test("messages for debugging are dropped: the engine puts secrets into them", () => {
  const debug = {
    timestamp: 1,
    diagnosticEvent: { message: "-----BEGIN OPENSSH PRIVATE KEY-----", severity: "debug" },
  };
  expect(readEngineEvent(debug)).toBeNull();
});

test("errors keep their resource and lose the places of colours", () => {
  const error = {
    timestamp: 1,
    diagnosticEvent: { urn: "urn:x", message: "<{%fg 1%}>no<{%reset%}>\n", severity: "error" },
  };
  expect(readEngineEvent(error)).toEqual({ kind: "message", urn: "urn:x", severity: "error", text: "no\n" });
});

test("a deletion has its parent from what was there", () => {
  const metadata = {
    op: "delete",
    urn: "urn:x",
    type: "t",
    old: { parent: "urn:host", custom: true },
    new: null,
  };
  expect(readEngineEvent({ timestamp: 1, resourcePreEvent: { metadata } })).toEqual({
    kind: "begin",
    resource: { urn: "urn:x", type: "t", op: "delete", parent: "urn:host", custom: true },
  });
});

test.each([
  [{}],
  [null],
  ["text"],
  [{ timestamp: 1, summaryEvent: {} }],
  [{ timestamp: 1, diagnosticEvent: { message: 7 } }],
])("%j is of no use", (value) => {
  expect(readEngineEvent(value)).toBeNull();
});
