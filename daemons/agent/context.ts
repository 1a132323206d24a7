import type { Principal } from "../../protocol/keys.ts";
import type { DecodedParams, Op, Result } from "../../protocol/rpc.ts";
import type { AgentConfig } from "../../protocol/config.ts";
import type { Engine, EngineInfo } from "../docker/engine.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import type { Admission } from "./admission.ts";
import type { EventSource } from "./event-stream.ts";
import type { Homes } from "./homes.ts";
import type { Locks } from "./locks.ts";
import type { MetadataStore } from "./metadata-store.ts";
import type { Registry } from "./registry.ts";
import type { Retirement } from "./retirement.ts";
import type { Work } from "./work.ts";

/** What every operation works with. */
export interface Context {
  agentId: string;
  /** As it was read last. */
  config: () => AgentConfig;
  uid: number;
  gid: number;
  engine: Engine;
  engineInfo: EngineInfo;
  registry: Registry;
  store: MetadataStore;
  /** Folder of the homes, and of what the host shares with them. */
  homesFolder: string;
  homes: Homes;
  locks: Locks;
  admission: Admission;
  retirement: Retirement;
  work: Work;
  events: EventSource;
  clock: Clock;
  log: Log;
  /** Sessions that an attach is starting, with the start that others wait for too. */
  starting: Map<string, Promise<void>>;
  /** `image program` for every program that was found in an image. */
  knownPrograms: Set<string>;
  /** The reference new containers use; null when none was delivered. */
  currentImage: () => Promise<string | null>;
  /** Claude's long-lived token; null: none is configured. */
  claudeToken: () => Promise<string | null>;
  /** What the host shares with every session, as mounts. */
  sharedMounts: () => Promise<string[]>;
}

/** One operation: decoded parameters and who asks in, result out, or a ConvocateError. */
export type Operation<O extends Op> = (
  context: Context,
  params: DecodedParams<O>,
  caller: Principal,
) => Promise<Result<O>>;
