import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig } from "../../protocol/config.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { Admission, capacityData } from "./admission.ts";
import type { Context } from "./context.ts";
import { Homes } from "./homes.ts";
import { Locks } from "./locks.ts";
import { MetadataStore } from "./metadata-store.ts";
import { Registry } from "./registry.ts";
import { Retirement } from "./retirement.ts";
import type { ServeOptions } from "./serve.ts";
import { readClaudeToken, readCurrentImage } from "./settings.ts";
import { sharedMounts } from "./shared-mounts.ts";
import { Work } from "./work.ts";

/** Name of the file that a retired agent leaves, below its state folder. */
const retiredFile = "retired";

/** Puts together what operations work with; nothing is read of sessions yet. */
export async function openContext(
  options: ServeOptions,
  agentId: string,
  config: () => AgentConfig,
): Promise<Context> {
  const { configDir, stateDir, homes: homesFolder, uid, gid, engine, load, clock, log } = options;
  await mkdir(homesFolder, { recursive: true });
  const currentImage = () => readCurrentImage(configDir);
  const engineInfo = await engine.info();
  const registry = new Registry(agentId, clock);
  const admission = new Admission({
    engineInfo,
    load,
    registry,
    homes: homesFolder,
    defaults: () => config().limits,
  });
  const retirement = new Retirement(join(stateDir, retiredFile), () => config().drain);
  await retirement.load();
  return {
    agentId,
    config,
    uid,
    gid,
    engine,
    engineInfo,
    registry,
    store: new MetadataStore(join(stateDir, "sessions"), log),
    homesFolder,
    homes: new Homes({
      folder: homesFolder,
      uid,
      gid,
      async asRoot(binds, argv) {
        const image = await currentImage();
        if (image === null)
          throw new ConvocateError(
            "no_image",
            "this agent has no image to work on files with: run `pulumi up`",
          );
        return engine.runHelper({ owner: agentId, image, binds, argv });
      },
    }),
    locks: new Locks(homesFolder),
    admission,
    retirement,
    work: new Work(),
    events: {
      agentId,
      clock,
      log,
      snapshot: () => registry.list(),
      capacity: async () => capacityData(await admission.capacity()),
    },
    clock,
    log,
    starting: new Map(),
    knownPrograms: new Set(),
    currentImage,
    claudeToken: () => readClaudeToken(configDir),
    sharedMounts: () => sharedMounts(homesFolder, config()),
  };
}
