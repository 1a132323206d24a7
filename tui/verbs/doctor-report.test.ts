import type { CheckJson } from "../../protocol/verbs.ts";
import { report } from "./doctor-report.ts";

const check = (more: Partial<CheckJson>): CheckJson => ({
  check: "fleet",
  agent_id: null,
  host: null,
  result: "ok",
  found: "agents: 1",
  remedy: null,
  ...more,
});
const checks = [
  check({}),
  check({
    check: "host_key",
    agent_id: "a1",
    host: "agent-a",
    result: "fail",
    found: "e\x1b[2Jvil",
    remedy: "Look.",
  }),
  check({ check: "clock", agent_id: "a2", result: "warn", found: "2 s\nahead", remedy: "Set it." }),
];

test("columns line up, a remedy stands under its row, text of others does nothing", () => {
  expect(report(checks, false)).toBe(
    [
      "ok    shell host  fleet     agents: 1",
      "fail  agent-a     host key  e?[2Jvil",
      "      → Look.",
      "warn  a2          clock     2 s?ahead",
      "      → Set it.",
      "",
      "1 ok, 1 to look at, 1 failed",
      "",
    ].join("\n"),
  );
});

test("colours say nothing that the words do not, and move nothing", () => {
  const colored = report(checks, true);
  expect(colored).toContain("\x1b[31;1mfail\x1b[0m  agent-a");
  // eslint-disable-next-line no-control-regex
  expect(colored.replace(/\x1b\[[0-9;]*m/g, "")).toBe(report(checks, false));
});
