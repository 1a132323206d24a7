/** `npm run bench`, and with the names of groups only these: `npm run bench -- rpc attach`. */
import { loadavg } from "node:os";
import { measureAttach } from "./attach.ts";
import { measureEvents } from "./events.ts";
import { measureFleet } from "./fleet.ts";
import { measureImage } from "./image.ts";
import { measureMove } from "./move.ts";
import { measureProvision } from "./provision.ts";
import { measureRpc } from "./rpc.ts";
import { measureStatus } from "./status.ts";
import { measureUpdate } from "./update.ts";

const groups: Record<string, () => Promise<void>> = {
  rpc: measureRpc,
  attach: measureAttach,
  provision: measureProvision,
  update: measureUpdate,
  image: measureImage,
  move: measureMove,
  status: measureStatus,
  fleet: measureFleet,
  events: measureEvents,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(groups, name));
if (unknown.length > 0) {
  console.error(`bench: no group ${unknown.join(", ")}: there are ${Object.keys(groups).join(", ")}`);
  process.exit(2);
}
const load = () => loadavg()[0]?.toFixed(1);
for (const [name, measure] of Object.entries(groups)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}, load average ${String(load())}`);
  await measure();
}
console.log(`load average ${String(load())}`);
