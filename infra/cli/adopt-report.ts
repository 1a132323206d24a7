import type { Plan } from "../adopt/plan.ts";
import type { Facts } from "../adopt/survey.ts";
import type { Context } from "./context.ts";
import type { StackFile } from "./stack-file.ts";

const list = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`)];

/** What of v2 there is, with its version. */
function found({ agent_program: [, agent], shell_program: [, shell] }: Facts): string {
  const said = [shell, agent].filter((one) => one !== undefined);
  return said.length === 0 ? "an adoption that was begun" : said.join(", ");
}

/** What an adoption would do and did, for people; with `json` an object a line. */
export class AdoptReport {
  readonly #context: Context;
  readonly #json: boolean;

  constructor(context: Context, json: boolean) {
    this.#context = context;
    this.#json = json;
  }

  plan(host: string, facts: Facts, plan: Exclude<Plan, { kind: "refused" }>, file: StackFile): void {
    if (this.#json) return this.#line({ type: "plan", host, stack: file.stack, ...plan });
    const { stdout } = this.#context;
    if (plan.kind === "nothing") return void stdout.write(`${host}: nothing is left to do\n`);
    if (plan.kind === "clean")
      return void stdout.write([`${host} is ours`, ...list("goes:", plan.remnants), ""].join("\n"));
    const lines = [
      `${host} (${facts.system}): ${found(facts)}; it becomes ${plan.roles.join(" and ")} host of stack ${file.stack}`,
      ...list("stays:", plan.keeps),
      ...list("is different:", plan.loses),
      ...list("goes, once ours works:", plan.removes),
      `  ${file.path}`,
      `    ${host}: ${JSON.stringify(file.host(host))}`,
    ];
    stdout.write(`${lines.join("\n")}\n`);
  }

  done(host: string): void {
    if (this.#json) return this.#line({ type: "adopted", host });
    this.#context.stdout.write(`${host} is taken over, and nothing of v2 is left to remove there\n`);
  }

  #line(event: unknown): void {
    this.#context.stdout.write(`${JSON.stringify(event)}\n`);
  }
}
