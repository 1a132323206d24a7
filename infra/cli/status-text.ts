import type { HostState, Status } from "./status.ts";

/** Days before its end from which a certificate is warned of. */
const warnDays = 30;

const short = (sha256: string) => sha256.slice(0, 12);

function appText({ app, current }: HostState): string {
  if (app === null) return "-";
  return `${short(app)}${current === null ? "" : current ? " (current)" : " (an update is due)"}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function certificateText(days: number): string {
  if (days < 0) return "has ended";
  return `${String(days)} days`;
}

/** `status` for people. */
export function statusText({ stack, domain, hosts, certificates, outputs, pending }: Status): string {
  const head = ["host", "roles", "address", "agent id", "set up", "programs", "last update"];
  const rows = hosts.map((host) => [
    host.host,
    host.roles.join("+") || "-",
    host.address || "-",
    host.agent_id ?? "-",
    host.provisioned,
    appText(host),
    host.updated_at?.replace(/\.\d+/, "") ?? "-",
  ]);
  const all = [
    ...certificates.map((found) => ({ ...found, host: "fleet" })),
    ...hosts.flatMap(({ host, certificates: own }) => own.map((found) => ({ ...found, host }))),
  ];
  const lines = [`stack ${stack}, domain ${domain}`, "", ...table([head, ...rows])];
  if (all.length > 0) {
    lines.push(
      "",
      ...table([["certificate", "of", "left"], ...all.map((c) => [c.step, c.host, certificateText(c.days)])]),
    );
  }
  for (const [name, value] of Object.entries(outputs))
    lines.push(`output ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  for (const { host, step, days } of all)
    if (days <= warnDays)
      lines.push(
        `warning: certificate ${step} of ${host}: ${certificateText(days)}; \`convocate-host update --all\` renews it`,
      );
  if (pending > 0)
    lines.push(
      `warning: an interrupted run left ${String(pending)} operations open; \`convocate-host update --all\` settles them`,
    );
  return `${lines.join("\n")}\n`;
}
