import { fail, type Check, type Checked, type Finding } from "./check.ts";
import { engine, image, slice } from "./engine.ts";
import { listening, shellHost } from "./network.ts";
import { disk, homes, locks, metadata, retired } from "./sessions.ts";
import { authorizedKeys, hostKey, settings } from "./settings.ts";

const checks: Check[] = [
  ...[settings, hostKey, authorizedKeys],
  ...[engine, image, slice],
  ...[homes, metadata, locks, disk],
  ...[retired, listening, shellHost],
];

export type Report = (Finding & { name: string })[];

/** Looks at everything this agent needs, and changes nothing. A check that cannot be done has failed. */
export function runChecks(checked: Checked): Promise<Report> {
  return Promise.all(
    checks.map(async ({ name, look }) => {
      const finding = await look(checked).catch((error: unknown) =>
        fail(error instanceof Error ? error.message : String(error), "run `pulumi up` for this host"),
      );
      return { name, ...finding };
    }),
  );
}

/** Lines for a terminal: level, name, what was found, and what to do below it. */
export function reportLines(report: Report): string[] {
  const width = Math.max(...report.map(({ name }) => name.length));
  return report.flatMap(({ level, name, says, remedy }) => [
    `${level.padEnd(4)}  ${name.padEnd(width)}  ${says}`,
    ...(remedy === undefined ? [] : [`${" ".repeat(width + 8)}${remedy}`]),
  ]);
}
