import { Model } from "./model.ts";
import { classify } from "./outcome.ts";

const told = { uuid: "u", created_at: "", last_accessed: "" };
const address = { name: "n", port: 0, protocol: "tcp", dns_name: "" };

function session() {
  const model = new Model();
  return { model, session: model.add({ kind: "create", address, labels: {}, content: new Map() }, told) };
}

test("no answer means nothing when the agent was killed, and is a finding when it was not", () => {
  const call = session().model.begin("edit", null);
  const lost = { ok: false, code: "lost", error: "gone" };
  expect(classify(call, lost, true)).toEqual({ outcome: "unknown" });
  expect(classify(call, lost, false).finding).toMatch("edit of a new session answered lost");
});

test("a refusal has to be true: locked only where two meet", () => {
  const { model, session: one } = session();
  const first = model.begin("restart", one);
  const locked = { ok: false, code: "locked", error: "locked" };
  expect(classify(first, locked, false).finding).toMatch("restart of n answered locked");
  const second = model.begin("clone", one);
  expect(classify(first, locked, false)).toEqual({ outcome: "refused" });
  expect(classify(second, locked, false)).toEqual({ outcome: "refused" });
});

test("a running source is refused, a stopped one is not; a copy of a running one is a finding", () => {
  const { model, session: one } = session();
  const running = { ok: false, code: "running", error: "running" };
  expect(classify(model.begin("clone", one), running, false).finding).toMatch("running");
  one.running = "yes";
  expect(
    classify({ kind: "clone", session: one, overlapped: false }, running, false).finding,
  ).toBeUndefined();
  expect(classify({ kind: "clone", session: one, overlapped: false }, { ok: true }, false).finding).toMatch(
    "although it runs",
  );
});

test("an error of the agent's own is a finding, one of the engine's leaves the outcome open", () => {
  const call = session().model.begin("delete", null);
  expect(classify(call, { ok: false, code: "engine", error: "" }, false)).toEqual({ outcome: "unknown" });
  expect(classify(call, { ok: false, code: "internal", error: "x" }, false).finding).toMatch("internal: x");
});
