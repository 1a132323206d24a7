import type { CheckJson } from "../../protocol/verbs.ts";
import { clean } from "../render/clean.ts";
import { inColumns } from "./columns.ts";

const sgr = { ok: "32", warn: "33", fail: "31;1" } as const;

/** What was found as a table, under each row that is not well what to do, and the sum. */
export function report(checks: readonly CheckJson[], colors: boolean): string {
  const rows = checks.map(({ result, host, agent_id, check, found }) => [
    result,
    host ?? agent_id ?? "shell host",
    check.replace("_", " "),
    found,
  ]);
  const lines = inColumns(rows).split("\n");
  const text = checks.flatMap(({ result, remedy }, i) => {
    const line = lines[i] ?? "";
    const shown = colors ? `\x1b[${sgr[result]}m${result}\x1b[0m${line.slice(result.length)}` : line;
    return remedy === null ? [shown] : [shown, `      → ${clean(remedy)}`];
  });
  return `${[...text, "", sum(checks)].join("\n")}\n`;
}

function sum(checks: readonly CheckJson[]): string {
  const count = (wanted: CheckJson["result"]) =>
    String(checks.filter(({ result }) => result === wanted).length);
  return `${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed`;
}
