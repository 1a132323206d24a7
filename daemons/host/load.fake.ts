import type { HostLoad } from "./load.ts";

/** A host that is as busy as it is told. */
export class FakeLoad implements HostLoad {
  memory = 0;
  cpus = 0;
  diskOf = { total: 2 ** 40, used: 0 };

  memoryUsed() {
    return this.memory;
  }
  cpusUsed() {
    return this.cpus;
  }
  disk() {
    return Promise.resolve(this.diskOf);
  }
}
