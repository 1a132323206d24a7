import { FakeClock } from "../host/clock.fake.ts";
import { FakeLoad } from "../host/load.fake.ts";
import { Admission, capacityData } from "./admission.ts";
import { Registry } from "./registry.ts";
import { sample, uuid } from "./scratch-folder.fake.ts";

const gib = 2 ** 30;
let load: FakeLoad;
let registry: Registry;
let admission: Admission;
beforeEach(() => {
  load = new FakeLoad();
  registry = new Registry("a", new FakeClock());
  admission = new Admission({
    engineInfo: { memoryBytes: 16 * gib, cpus: 8 },
    load,
    registry,
    homes: "/",
    defaults: () => ({ memory_bytes: 2 * gib }),
  });
});
const started = () => Promise.resolve("started");
const start = (n: number, limits: object = {}) =>
  admission.admitting(sample(n, { limits }), started).catch((error: Error) => error.message);
function run(n: number, limits: object = {}): void {
  registry.load(sample(n, { limits }), false);
  registry.started(uuid(n), { id: `c${String(n)}`, image: "i" });
}

test("a start is refused when what is promised would pass 90 %, with every figure", async () => {
  for (let n = 1; n <= 6; n++) run(n);
  expect(await start(7)).toBe("started");
  run(6, { memory_bytes: 3.1 * gib });
  expect(await start(7)).toBe(
    "admission denied: memory: 2.0 GiB asked, 13.1 of 14.4 GiB promised to 6 sessions",
  );
  registry.stopped(uuid(6), "c6", { exitCode: 0, oom: false });
  expect(await start(7)).toBe("started");
});

test.each([
  ["memory", () => (load.memory = 13 * gib), "memory: 2.0 GiB asked, 13.0 of 14.4 GiB in use"],
  ["cpu", () => (load.cpus = 7.5), "cpu: 0.0 cores asked, 7.5 of 7.2 cores in use (average of 60 s)"],
  [
    "disk",
    () => (load.diskOf = { total: 100 * gib, used: 95 * gib }),
    "disk: 0.0 GiB asked, 95.0 of 90.0 GiB in use",
  ],
])("… and when the host itself is busy: %s", async (_, busy, message) => {
  busy();
  expect(await start(1)).toBe(`admission denied: ${message}`);
});

test.each([
  [{ cpus: 4 }, { cpus: 3.5 }, "cpu: 3.5 cores asked, 4.0 of 7.2 cores promised to 1 session"],
  [
    { disk_bytes: 700 * gib },
    { disk_bytes: 300 * gib },
    "disk: 300.0 GiB asked, 700.0 of 921.6 GiB promised to 1 session",
  ],
])("%j run: %j is refused on its own axis", async (running, asked, message) => {
  run(1, running);
  expect(await start(2, asked)).toBe(`admission denied: ${message}`);
});

test("two starts at once do not get the same room; a start that fails gives its room back", async () => {
  run(1, { memory_bytes: 10 * gib });
  let fail = (_: Error) => {};
  const first = admission.admitting(
    sample(2, { limits: { memory_bytes: 4 * gib } }),
    () => new Promise<string>((_, reject) => (fail = reject)),
  );
  expect(await start(3)).toMatch(/14.0 of 14.4 GiB promised/);
  fail(new Error("no image"));
  await expect(first).rejects.toThrow("no image");
  expect(await start(3)).toBe("started");
});

test("two starts in the same breath do not get the same room either", async () => {
  const never = () => new Promise<string>(() => undefined);
  const wants = { limits: { memory_bytes: 8 * gib } };
  void admission.admitting(sample(1, wants), never);
  await expect(admission.admitting(sample(2, wants), never)).rejects.toThrow("8.0 of 14.4 GiB promised");
});

test("create refuses only what could never fit", async () => {
  for (let n = 1; n <= 7; n++) run(n);
  load.memory = 16 * gib;
  await admission.checkCreate({ limits: { memory_bytes: 14 * gib, cpus: 7 } });
  await expect(admission.checkCreate({ limits: { memory_bytes: 15 * gib } })).rejects.toThrow(
    "admission denied: memory: 15.0 GiB asked, this host can give 14.4 at most",
  );
  await expect(admission.checkCreate({ limits: { cpus: 8 } })).rejects.toThrow(
    "admission denied: cpu: 8.0 cores asked, this host can give 7.2 at most",
  );
});

test("what is told of the capacity is what admission goes by", async () => {
  run(1, { cpus: 1.5, disk_bytes: gib });
  load.memory = 3 * gib;
  expect(capacityData(await admission.capacity())).toEqual({
    memory_bytes: 16 * gib,
    memory_used_bytes: 3 * gib,
    memory_promised_bytes: 2 * gib,
    cpus: 8,
    cpus_used: 0,
    cpus_promised: 1.5,
    disk_bytes: 2 ** 40,
    disk_used_bytes: 0,
    disk_promised_bytes: gib,
    sessions_running: 1,
  });
});
