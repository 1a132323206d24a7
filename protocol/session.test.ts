import { session, sessionId, stateOf } from "./session.ts";

const metadata = { uuid: "x", name: "n", created_at: "t", last_accessed: "t" };

test.each([
  "",
  "../etc",
  "0B3C2F8A-0000-4000-8000-000000000000",
  "0b3c2f8a-0000-4000-8000-00000000000",
  "a/b",
])("%j is no session id", (id) => expect(sessionId.safeParse(id).success).toBe(false));

test("a v2 session has no state: it follows from running and attached, and is never locked", () => {
  expect(stateOf(session.parse(metadata))).toBe("stopped");
  expect(stateOf(session.parse({ ...metadata, running: true }))).toBe("running");
  expect(stateOf(session.parse({ ...metadata, running: true, attached: true }))).toBe("connected");
});

test("a reader keeps what it does not know and shows a session with a state of the future", () => {
  const parsed = session.parse({ ...metadata, mood: "good", state: "hibernating", running: true });
  expect(parsed["mood"]).toBe("good");
  expect(stateOf(parsed)).toBe("running");
});
