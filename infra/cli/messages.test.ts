import type { EngineEvent } from "./engine-event.ts";
import { Messages } from "./messages.ts";
import { Placement } from "./resources.ts";

const agent = "urn:pulumi:test::convocate::convocate:host:AgentHost::agent-a";
const install =
  "urn:pulumi:test::convocate::convocate:host:AgentHost$command:remote:Command::agent-a-install";
const stackUrn = "urn:pulumi:test::convocate::pulumi:pulumi:Stack::convocate-test";

type Message = Extract<EngineEvent, { kind: "message" }>;
const message = (severity: Message["severity"], text: string, urn: string | null = null): Message => ({
  kind: "message",
  severity,
  text,
  urn,
});

function messages(...all: Message[]): Messages {
  const placement = new Placement(["agent-a"]);
  const part = { op: "create", parent: "", custom: false };
  placement.place({ urn: agent, type: "convocate:host:AgentHost", ...part });
  placement.place({
    urn: install,
    type: "command:remote:Command",
    op: "create",
    parent: agent,
    custom: true,
  });
  const found = new Messages(placement);
  all.forEach((one) => found.add(one));
  return found;
}

test("what a resource's failure says comes in pieces, and is told with it alone", () => {
  const found = messages(
    message("error", "after 12 failed attempts: ", install),
    message("error", "dial tcp 10.0.0.9:22: i/o timeout", install),
    message("error", "Error: resource agent-a-install [command:remote:Command] failed to register", stackUrn),
    message("error", "update failed"),
  );
  expect(found.of(install)).toBe("after 12 failed attempts: dial tcp 10.0.0.9:22: i/o timeout");
  expect(found.rest(new Set([install]))).toEqual([]);
});

test("a failure whose resource never began is its host's all the same", () => {
  const found = messages(message("error", "dial tcp 10.0.0.9:22: i/o timeout", install));
  expect(found.rest(new Set())).toMatchObject([{ host: "agent-a", exit: 5 }]);
});

test("what the program says about the stack file is told as it is", () => {
  const text =
    "stacks/Pulumi.test.yaml is not usable; nothing was touched:\n  convocate:hosts: got nothing: …";
  const found = messages(
    message("output", "a warning of Node's", stackUrn),
    message("error", text, stackUrn),
  );
  expect(found.rest(new Set())).toMatchObject([
    { host: null, cause: "stacks/Pulumi.test.yaml is not usable; nothing was touched:", exit: 1 },
  ]);
});

test("a program that printed why and ended: why it ended", () => {
  const found = messages(
    message("output", "convocate: dist/manifest.json is missing\n", stackUrn),
    message("output", "  Run script/setup.\n", stackUrn),
    message("error", "Program exited with non-zero exit code: 1", stackUrn),
  );
  expect(found.rest(new Set())).toMatchObject([
    { cause: "convocate: dist/manifest.json is missing", log: ["  Run script/setup.", expect.any(String)] },
  ]);
});

test("output and warnings alone are no failure", () => {
  expect(
    messages(message("output", "hello"), message("warning", "using … from $PATH")).rest(new Set()),
  ).toEqual([]);
});
