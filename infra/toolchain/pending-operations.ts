import {
  existsSync,
  globSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { Log } from "./engine.ts";

/** A stack's state as the engine writes it. */
const stateSchema = z.looseObject({
  checkpoint: z.looseObject({
    latest: z.looseObject({ pending_operations: z.array(z.looseObject({})).optional() }).nullish(),
  }),
});

/**
 * Takes out of the states what an engine that was killed had begun and not ended: the engine warns of it for ever, and asks for a
 * refresh with answers by hand. Every step of ours may be done again (see docs/decisions/15), so that the next `up` just does it.
 * A stack that an engine works on stays as it is. Half-written states are removed.
 */
export function forgetPendingOperations(state: string, log: Log): void {
  for (const name of globSync(".pulumi/stacks/*/*.json", { cwd: state })) {
    const file = join(state, name);
    const stack = basename(name, ".json");
    const locks = join(state, ".pulumi/locks/organization", basename(dirname(name)), stack);
    const isLocked = () => existsSync(locks) && readdirSync(locks).length > 0;
    if (isLocked()) continue;
    const text = readFileSync(file, "utf8");
    if (!text.includes('"pending_operations":[')) continue;
    const content = stateSchema.safeParse(JSON.parse(text));
    const count = content.data?.checkpoint.latest?.pending_operations?.length ?? 0;
    if (count === 0) continue;
    const without = JSON.stringify(
      JSON.parse(text, (key, value: unknown) => (key === "pending_operations" ? undefined : value)),
    );
    const changed = `${file}.without-pending`;
    writeFileSync(changed, without, { mode: statSync(file).mode });
    // An engine that began meanwhile has read the state already.
    if (isLocked()) rmSync(changed);
    else {
      renameSync(changed, file);
      for (const half of globSync(`${file}*.tmp`)) rmSync(half, { force: true });
      log(`stack ${stack}: ${String(count)} operations of a killed engine are done again where needed`);
    }
  }
}
