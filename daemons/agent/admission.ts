import type { Limits } from "../../protocol/session.ts";
import type { EngineInfo } from "../docker/engine.ts";
import type { HostLoad } from "../host/load.ts";
import { admit, checkFits, checkRoom, roomOf, type Capacity } from "./capacity.ts";
import type { Registry } from "./registry.ts";

export interface AdmissionOptions {
  engineInfo: Pick<EngineInfo, "memoryBytes" | "cpus">;
  load: HostLoad;
  registry: Registry;
  /** Folder of the homes: its filesystem is the disk that counts. */
  homes: string;
  /** What a session gets that asks for nothing. */
  defaults: () => Limits;
}

/** Decides what this host has room for (spec/3 "Capacity"). Throws `admission denied: …` with the figures. */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Promises of the starts under way: two at once do not get the same room. */
  readonly #starting = new Map<string, Limits>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  limits(of: { limits?: Limits | undefined }): Limits {
    return { ...this.#options.defaults(), ...of.limits };
  }

  /** A session may be made when this host could ever run it. */
  async checkCreate(session: { limits?: Limits | undefined }): Promise<void> {
    checkFits(this.limits(session), await this.capacity());
  }

  /** Refuses `bytes` more on the disk, where sessions would not start any more then. */
  async checkRoom(bytes: number): Promise<void> {
    checkRoom(bytes, (await this.capacity()).disk);
  }

  /** Bytes that may come on the disk. */
  async room(): Promise<number> {
    return roomOf((await this.capacity()).disk);
  }

  /** Runs `start` with the session's limits promised to it. */
  async admitting<T>(
    session: { uuid: string; limits?: Limits | undefined },
    start: () => Promise<T>,
  ): Promise<T> {
    const limits = this.limits(session);
    const disk = await this.#disk();
    // In one breath with its promise: who asks meanwhile sees it.
    admit(limits, this.#capacity(disk));
    this.#starting.set(session.uuid, limits);
    return start().finally(() => this.#starting.delete(session.uuid));
  }

  async capacity(): Promise<Capacity> {
    return this.#capacity(await this.#disk());
  }

  #disk() {
    return this.#options.load.disk(this.#options.homes);
  }

  #capacity(disk: { total: number; used: number }): Capacity {
    const { engineInfo, load, registry } = this.#options;
    const running = registry.running();
    const promises = new Map(running.map((session) => [session.uuid, this.limits(session)]));
    for (const [uuid, limits] of this.#starting) promises.set(uuid, limits);
    const sum = (of: keyof Limits) =>
      [...promises.values()].reduce((total, limits) => total + (limits[of] ?? 0), 0);
    return {
      memory: { total: engineInfo.memoryBytes, used: load.memoryUsed(), promised: sum("memory_bytes") },
      cpu: { total: engineInfo.cpus, used: load.cpusUsed(), promised: sum("cpus") },
      disk: { ...disk, promised: sum("disk_bytes") },
      running: running.length,
    };
  }
}

/** A capacity as `agent.capacity` tells it. */
export function capacityData({ memory, cpu, disk, running }: Capacity) {
  return {
    memory_bytes: memory.total,
    memory_used_bytes: memory.used,
    memory_promised_bytes: memory.promised,
    cpus: cpu.total,
    cpus_used: Math.round(cpu.used * 100) / 100,
    cpus_promised: cpu.promised,
    disk_bytes: disk.total,
    disk_used_bytes: disk.used,
    disk_promised_bytes: disk.promised,
    sessions_running: running,
  };
}
