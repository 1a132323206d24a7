import type { CheckJson, DoctorCheck, DoctorJson } from "../../protocol/verbs.ts";

/** Whom a check is about; nulls: the shell host. */
export type About = Pick<CheckJson, "agent_id" | "host">;
export const shellHost: About = { agent_id: null, host: null };

/** The checks of one host, in the order in which they are read. */
export class Findings {
  readonly checks: CheckJson[] = [];
  readonly #about: About;

  constructor(about: About) {
    this.#about = about;
  }

  ok(check: DoctorCheck, found: string): void {
    this.checks.push({ check, ...this.#about, result: "ok", found, remedy: null });
  }

  warn(check: DoctorCheck, found: string, remedy: string): void {
    this.checks.push({ check, ...this.#about, result: "warn", found, remedy });
  }

  fail(check: DoctorCheck, found: string, remedy: string): void {
    this.checks.push({ check, ...this.#about, result: "fail", found, remedy });
  }
}

/** The worst result of all. */
export function worst(checks: readonly CheckJson[]): DoctorJson["result"] {
  const results = new Set(checks.map(({ result }) => result));
  if (results.has("fail")) return "fail";
  return results.has("warn") ? "warn" : "ok";
}
