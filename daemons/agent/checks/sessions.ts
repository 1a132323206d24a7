import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { sessionId } from "../../../protocol/session.ts";
import { Locks } from "../locks.ts";
import { fail, ok, warn, type Check } from "./check.ts";

const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const some = (names: string[]) => `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;

export const homes: Check = {
  name: "homes",
  async look({ homes: folder, uid }) {
    const { uid: owner } = await stat(folder);
    if (owner !== uid && process.getuid?.() !== 0)
      return fail(
        `${folder} belongs to user ${String(owner)}, not ${String(uid)}`,
        `chown ${String(uid)} ${folder}`,
      );
    return ok(folder);
  },
};

export const metadata: Check = {
  name: "sessions",
  async look({ homes: folder, stateDir }) {
    const files = await readdir(join(stateDir, "sessions"));
    const broken = files.filter((name) => name.endsWith(".broken"));
    const known = files
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length));
    const there = new Set(await readdir(folder));
    const homeless = known.filter((uuid) => !there.has(uuid));
    if (homeless.length > 0)
      return fail(`no home of ${some(homeless)}`, `mount or restore ${folder}, or delete these sessions`);
    if (broken.length > 0)
      return warn(
        `metadata that could not be read was set aside: ${some(broken)}`,
        `see ${stateDir}/sessions`,
      );
    return ok(`${String(known.length)} known, each with its home`);
  },
};

export const locks: Check = {
  name: "locks",
  async look({ homes: folder }) {
    const held = (await readdir(folder)).flatMap((name) => {
      const uuid = name.replace(/\.lock$/, "");
      return uuid !== name && sessionId.safeParse(uuid).success ? [uuid] : [];
    });
    const all = new Locks(folder);
    const holders = await Promise.all(held.map((uuid) => all.holder(uuid)));
    const stale = held.filter((_, n) => holders[n] === null);
    if (stale.length > 0) return warn(`stale: ${some(stale)}`, "override them from the list, with O");
    return ok(`${String(held.length)} held`);
  },
};

/** Below this share of free space work stops soon; sessions are not started any more below a tenth. */
const leastFree = 0.1;

export const disk: Check = {
  name: "disk",
  async look({ homes: folder, load }) {
    const { total, used } = await load.disk(folder);
    const says = `${gib(total - used)} of ${gib(total)} free in ${folder}`;
    if (total - used < total * leastFree)
      return fail(says, "delete sessions or their files, or enlarge the disk");
    return ok(says);
  },
};

export const retired: Check = {
  name: "service",
  async look({ stateDir }) {
    const there = (await readdir(stateDir)).includes("retired");
    return there
      ? warn("this agent was retired: it starts nothing", "run `pulumi up` for this host")
      : ok("in the fleet");
  },
};
