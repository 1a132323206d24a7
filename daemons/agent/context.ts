import type { DecodedParams, Op, Result } from "../../protocol/rpc.ts";
import type { AgentConfig } from "../../protocol/config.ts";
import type { Engine, EngineInfo } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import type { Homes } from "./homes.ts";
import type { Locks } from "./locks.ts";
import type { MetadataStore } from "./metadata-store.ts";
import type { Registry } from "./registry.ts";

/** What every operation works with. */
export interface Context {
  agentId: string;
  config: AgentConfig;
  uid: number;
  gid: number;
  engine: Engine;
  engineInfo: EngineInfo;
  registry: Registry;
  store: MetadataStore;
  homes: Homes;
  locks: Locks;
  clock: Clock;
  log: Log;
  /** Sessions that an attach is starting, with the start that others wait for too. */
  starting: Map<string, Promise<unknown>>;
  /** The reference new containers use; null when none was delivered. */
  currentImage: () => Promise<string | null>;
  /** What the host shares with every session, as read-only mounts. */
  sharedMounts: () => Promise<string[]>;
}

/** One operation: decoded parameters in, result out, or a ConvocateError. */
export type Operation<O extends Op> = (context: Context, params: DecodedParams<O>) => Promise<Result<O>>;
