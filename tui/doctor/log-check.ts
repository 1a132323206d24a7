import { age } from "../render/age.ts";
import type { Findings } from "./check.ts";

/** What happened to an agent's log on the shell host while we visited the agent, which it writes a line about. */
export type LogFacts =
  /** Something arrived, so many milliseconds after the visit. */
  | { kind: "arrived"; ms: number }
  /** Nothing did; when something did last, in milliseconds since 1970. */
  | { kind: "still"; last: number }
  /** The file cannot be looked at. */
  | { kind: "absent"; why: string };

export function logCheck(findings: Findings, facts: LogFacts, now: number): void {
  switch (facts.kind) {
    case "arrived":
      return findings.ok("log", `a line came ${(facts.ms / 1_000).toFixed(1)} s after our visit`);
    case "still":
      return findings.warn(
        "log",
        `our visit left no line; the last one came ${age(new Date(facts.last).toISOString(), now)} ago`,
        "`journalctl -u rsyslog` on both hosts; the agent's host sends to tcp/514 of the shell host.",
      );
    case "absent":
      return findings.warn("log", `no log of it here: ${facts.why}`, "`pulumi up` sets log forwarding up.");
  }
}
