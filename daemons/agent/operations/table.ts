import type { Op } from "../../../protocol/rpc.ts";
import type { Operation } from "../context.ts";
import { background } from "./background.ts";
import { capabilities } from "./capabilities.ts";
import { clone } from "./clone.ts";
import { create } from "./create.ts";
import { remove } from "./delete.ts";
import { edit } from "./edit.ts";
import { get } from "./get.ts";
import { importHome } from "./import.ts";
import { kill } from "./kill.ts";
import { list } from "./list.ts";
import { logs } from "./logs.ts";
import { override } from "./override.ts";
import { ping } from "./ping.ts";
import { restart } from "./restart.ts";
import { retire } from "./retire.ts";
import { settingsGet, settingsSet } from "./settings.ts";
import { watch } from "./watch.ts";

const served = {
  ping,
  list,
  get,
  create,
  edit,
  clone,
  delete: remove,
  kill,
  logs,
  background,
  restart,
  override,
  "settings-get": settingsGet,
  "settings-set": settingsSet,
  watch,
  import: importHome,
  retire,
} satisfies { [O in Op]?: Operation<O> };

/** Every operation this agent serves. */
export const operations = {
  ...served,
  capabilities: capabilities([...Object.keys(served), "capabilities"]),
} satisfies { [O in Op]?: Operation<O> };
