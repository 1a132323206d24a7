/** Lines of an agent's log: written as the agent would, and found again on the shell host. */
import type { Lab } from "./lab.ts";

/** Runs a command line on a host as root; returns what it printed. Throws when it fails. */
export async function told(lab: Lab, host: string, line: string): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(host, ["bash", "-c", line], { timeoutMs: 90_000 });
  if (code !== 0) throw new Error(`\`${line}\` on ${host}: status ${String(code)}: ${stderr}${stdout}`);
  return stdout.trim();
}

/**
 * Writes `LABEL 1` to `LABEL COUNT` as the agent's unit: by what systemd runs at its reload, besides what it runs anyway. What a
 * process elsewhere writes is not the agent's, whatever it says.
 */
export const writeLines = (lab: Lab, host: string, { label, count }: { label: string; count: number }) =>
  told(
    lab,
    host,
    `set -e
     folder=/run/systemd/system/convocate-agent.service.d
     seq -f '${label} %.0f' 1 ${String(count)} >/run/lines
     if [ ! -e $folder/lines.conf ]; then
       mkdir -p $folder
       printf '[Service]\nExecReload=/bin/cat /run/lines\n' >$folder/lines.conf
       systemctl daemon-reload
     fi
     systemctl reload convocate-agent`,
  );

/** Which of `LABEL 1`, `LABEL 2`, … are in an agent's log on the shell host, as often as they are. */
export async function linesOf(lab: Lab, shell: string, agentId: string, label: string): Promise<number[]> {
  const file = `/var/log/convocate-agent/${agentId}.log`;
  const said = await told(lab, shell, `grep -o '${label} [0-9]*$' ${file} 2>/dev/null || true`);
  return said
    .split("\n")
    .filter(Boolean)
    .map((line) => Number(line.split(" ").pop()));
}
