import { Placement } from "./resources.ts";

const prefix = "urn:pulumi:test::convocate::";
const component = (name: string, type = "convocate:host:AgentHost") => ({
  urn: `${prefix}${type}::${name}`,
  type,
  op: "same",
  parent: `${prefix}pulumi:pulumi:Stack::convocate-test`,
  custom: false,
});
const child = (parent: { urn: string }, name: string, op = "create") => ({
  urn: `${parent.urn.split("::").slice(0, -1).join("::")}$command:remote:Command::${name}`,
  type: "command:remote:Command",
  op,
  parent: parent.urn,
  custom: true,
});

test("a step belongs to the host whose component it is a part of, not to one whose name its own begins with", () => {
  const placement = new Placement(["agent-a", "agent-a-b"]);
  const [one, two] = [component("agent-a"), component("agent-a-b")];
  expect(placement.place(one)).toMatchObject({ host: "agent-a", isHost: true, custom: false });
  placement.place(two);
  expect(placement.place(child(one, "agent-a-install"))).toMatchObject({ host: "agent-a", step: "install" });
  expect(placement.place(child(two, "agent-a-b-install"))).toMatchObject({
    host: "agent-a-b",
    step: "install",
  });
});

test("parts of parts belong to the host too", () => {
  const placement = new Placement(["agent-a"]);
  const agent = component("agent-a");
  const peering = { ...component("agent-a-peering", "convocate:peering:Peering"), parent: agent.urn };
  placement.place(agent);
  placement.place(peering);
  expect(placement.place(child(peering, "agent-a-peering-shell-to-agent"))).toMatchObject({
    host: "agent-a",
    step: "peering-shell-to-agent",
  });
});

test("on a host with both roles the agent's part is the host's", () => {
  const placement = new Placement(["solo"]);
  const agent = component("solo-agent");
  placement.place(agent);
  expect(placement.place(child(agent, "solo-agent-init-agent"))).toMatchObject({
    host: "solo",
    step: "init-agent",
  });
  expect(placement.place(child(agent, "solo-image"))).toMatchObject({ host: "solo", step: "image" });
});

test("a host whose own name ends in -agent is itself", () => {
  const placement = new Placement(["solo", "solo-agent"]);
  expect(placement.place(component("solo-agent"))).toMatchObject({ host: "solo-agent" });
});

test("what is under no host is all hosts'; the engine's own is nobody's", () => {
  const placement = new Placement([]);
  const authority = component("log-authority", "convocate:log:LogAuthority");
  placement.place(authority);
  expect(placement.place(child(authority, "log-authority-key"))).toMatchObject({
    host: null,
    step: "log-authority-key",
  });
  const provider = { ...child(authority, "default"), type: "pulumi:providers:tls" };
  expect(placement.place(provider)).toBeNull();
});

test.each([
  ["same", null],
  ["create", "create"],
  ["update", "update"],
  ["create-replacement", "replace"],
  ["replace", null],
  ["delete-replaced", null],
  ["delete", "delete"],
])("the engine's %s is our %s", (op, action) => {
  const placement = new Placement(["agent-a"]);
  const agent = component("agent-a");
  placement.place(agent);
  expect(placement.place(child(agent, "agent-a-install", op))?.action).toBe(action);
});
