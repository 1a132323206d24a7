import type { Op } from "../../../protocol/rpc.ts";
import type { Operation } from "../context.ts";
import { background } from "./background.ts";
import { capabilities } from "./capabilities.ts";
import { create } from "./create.ts";
import { remove } from "./delete.ts";
import { edit } from "./edit.ts";
import { get } from "./get.ts";
import { kill } from "./kill.ts";
import { list } from "./list.ts";
import { override } from "./override.ts";
import { ping } from "./ping.ts";
import { restart } from "./restart.ts";

const served = {
  ping,
  list,
  get,
  create,
  edit,
  delete: remove,
  kill,
  background,
  restart,
  override,
} satisfies { [O in Op]?: Operation<O> };

/** Every operation this agent serves. */
export const operations = {
  ...served,
  capabilities: capabilities([...Object.keys(served), "capabilities"]),
} satisfies { [O in Op]?: Operation<O> };
