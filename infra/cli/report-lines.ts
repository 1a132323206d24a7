import type { CliEvent, FailureEvent } from "./events.ts";

const seconds = (value: number | null) => (value === null ? "" : ` (${value.toFixed(1)} s)`);
const whose = (host: string | null) => host ?? "fleet";

/** A failure for people: what, the end of the host's log, what to do. */
export function failureLines({ host, step, cause, remedy, log }: FailureEvent): string[] {
  const where = [whose(host), step].filter((part) => part !== null).join(": ");
  return [`${where}: ${cause}`, ...log.map((line) => `    | ${line}`), `  ${remedy}`];
}

/** An event as a line for a log; null for one that says nothing new there. */
export function eventLine(event: CliEvent): string | null {
  switch (event.type) {
    case "file":
      return `${event.host}: ${event.written ? "written" : "would be written"} into ${event.file}`;
    case "stage":
      return `part ${String(event.number)} of ${String(event.of)}: ${event.hosts.join(", ")}`;
    case "step":
      return `${whose(event.host)}: ${event.step}: ${event.action}, ${event.status}${seconds(event.seconds)}`;
    case "failure":
      return failureLines(event).join("\n");
    case "host":
      return `${event.host}: ${hostText(event)}`;
    case "restart":
      return `${event.host}: asks for a restart: ${event.remedy}`;
    case "result":
      return `${event.stack}: ${event.status}${seconds(event.seconds)}`;
  }
}

export function hostText({ status, steps }: Extract<CliEvent, { type: "host" }>): string {
  const count = steps === 1 ? "1 step" : `${String(steps)} steps`;
  switch (status) {
    case "planned":
      return `${count} to do`;
    case "changed":
      return `changed, ${count}`;
    case "unfinished":
      return `unfinished, ${count} done: something before it failed`;
    default:
      return status;
  }
}
