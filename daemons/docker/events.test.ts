import { parseEvent } from "./dockerode.ts";

const event = (more: object = {}, attributes: object = {}) =>
  JSON.stringify({
    Type: "container",
    Action: "die",
    Actor: { ID: "c1", Attributes: { name: "convocate-session-x", exitCode: "137", ...attributes } },
    timeNano: 1_700_000_000_000_000_000,
    ...more,
  });

test("an event of a session's container", () => {
  expect(parseEvent(event())).toEqual({
    action: "die",
    session: "x",
    container: "c1",
    timeNano: 1_700_000_000_000_000_000,
    exitCode: 137,
  });
  expect(parseEvent(event({ Action: "start" }, { exitCode: undefined }))).toMatchObject({ exitCode: null });
});

test.each([
  ["another container", event({}, { name: "web" })],
  ["no name", event({}, { name: undefined })],
  ["another action", event({ Action: "exec_start: sh" })],
  ["another shape", '{"status":"die"}'],
  ["an empty line", " "],
  ["half a line, of an engine that crashed", event().slice(0, 40)],
])("%s is no event of ours", (_, line) => {
  expect(parseEvent(line)).toBeNull();
});
