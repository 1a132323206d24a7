import { readFileSync } from "node:fs";
import { join } from "node:path";
import { variables } from "../steps/script.ts";

const steps = "../steps/";

/** The scripts that run on a hypervisor, each with the files of functions that it is made of besides its own. */
const parts = {
  survey: ["machines"],
  keys: [],
  hypervisor: [`${steps}prelude`, `${steps}apt`, "machines"],
  image: [`${steps}prelude`, "machines"],
  record: [`${steps}prelude`, "machines"],
  machine: [`${steps}prelude`, "machines"],
  finish: [`${steps}prelude`, "machines"],
  destroy: [`${steps}prelude`, "machines"],
} as const satisfies Record<string, readonly string[]>;
export type VmScript = keyof typeof parts;

const source = (name: string) => readFileSync(join(import.meta.dirname, `${name}.sh`), "utf8");

/** What a hypervisor's `bash -s` gets on standard input; secrets are in it and nowhere else. */
export function vmScriptText(name: VmScript, inputs: Record<string, string>): string {
  const body = [...parts[name], name].map(source).join("\n");
  return `{\nset -euo pipefail\n${variables(inputs)}${body}\nmain </dev/null\nexit\n}\n`;
}
