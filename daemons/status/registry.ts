import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { agentId, registrationFiles } from "../../protocol/config.ts";
import type { Log } from "../host/log.ts";
import { watchDirectory } from "../host/watch.ts";
import type { Registration } from "./agent.ts";

/** The registered agents below `directory`, by id; a folder without an address is a registration not finished. */
export function readRegistry(directory: string, log: Log): Registration[] {
  return folders(directory, log).flatMap((id) => {
    if (!agentId.safeParse(id).success) {
      log.warn({ directory, folder: id }, "not an agent id (a-z, 0-9 and -, up to 64): ignored");
      return [];
    }
    // v2 wrote `user@host`.
    const address = line(join(directory, id, registrationFiles.address))?.replace(/^.*@/, "");
    if (address === undefined || !/^[^\s/]{1,253}$/.test(address)) return [];
    const host = line(join(directory, id, registrationFiles.name)) ?? id;
    const host_key = line(join(directory, id, registrationFiles.hostKey));
    const until = line(join(directory, id, registrationFiles.certificateUntil));
    return [
      {
        agent_id: id,
        host,
        address,
        ...(host_key !== undefined && { host_key }),
        ...(until !== undefined && { certificate_until: until }),
      },
    ];
  });
}

function folders(directory: string, log: Log): string[] {
  // Made with the first agent.
  if (!existsSync(directory)) return [];
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch (error) {
    log.error({ directory, err: error }, "the registered agents cannot be read");
    return [];
  }
}

/** The first line of a small file; undefined when it is empty or not there. */
function line(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8").split("\n")[0]?.trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Milliseconds for which changes inside agents' folders are gathered. */
const gatherMs = 100;

/** Hears all registrations now and whenever they changed. Returns what ends it. */
export function watchRegistry(
  directory: string,
  log: Log,
  onChange: (all: Registration[]) => void,
): () => void {
  let known = "";
  /** Files change inside an agent's folder, which the watch on their parent does not show. */
  let inside = new Map<string, () => void>();

  /** A thousand folders that are looked at again at the same time are one reading of the registry, not a thousand. */
  let planned: NodeJS.Timeout | undefined;
  function soon(): void {
    planned ??= setTimeout(() => {
      planned = undefined;
      look();
    }, gatherMs);
  }

  function look(): void {
    const names = folders(directory, log);
    const before = inside;
    inside = new Map(
      names.map((name) => [name, before.get(name) ?? watchDirectory(join(directory, name), soon)]),
    );
    for (const [name, stop] of before) if (!inside.has(name)) stop();
    const all = readRegistry(directory, log);
    const now = JSON.stringify(all);
    if (now === known) return;
    known = now;
    onChange(all);
  }

  look();
  const stop = watchDirectory(directory, look);
  return () => {
    stop();
    clearTimeout(planned);
    for (const stopInside of inside.values()) stopInside();
  };
}
