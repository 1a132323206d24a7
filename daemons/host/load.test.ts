import { FakeClock } from "./clock.fake.ts";
import { busyTimes, memoryLine, watchLoad } from "./load.ts";

test("a line of /proc/meminfo is in kilobytes", () => {
  const text = "MemTotal:       1000 kB\nMemAvailable:    250 kB\n";
  expect([memoryLine(text, "MemTotal"), memoryLine(text, "MemAvailable"), memoryLine(text, "Mem")]).toEqual([
    1_024_000, 256_000, 0,
  ]);
});

const busy: [keyof typeof busyTimes, string, number][] = [
  ["/sys/fs/cgroup/cpu.stat", "usage_usec 2500000\nuser_usec 1\n", 2_500],
  ["/sys/fs/cgroup/cpuacct/cpuacct.usage", "2500000000\n", 2_500],
  // Waiting for a disk is not work; guests are counted once.
  ["/proc/stat", "cpu  10 1 5 100 20 2 3 4 7 8\ncpu0 5 0 2 50 10 1 1 2 3 4\nintr 1\n", 250],
];
test.each(busy)("busy time of %s", (file, text, ms) => {
  expect(busyTimes[file](text)).toBe(ms);
});

test("this host's figures are within its bounds", async () => {
  const load = watchLoad(new FakeClock());
  const end = Date.now() + 50;
  while (Date.now() < end);
  expect(load.cpusUsed()).toBeGreaterThanOrEqual(0);
  expect(load.memoryUsed()).toBeGreaterThan(2 ** 20);
  const { total, used } = await load.disk("/");
  expect(used).toBeGreaterThan(0);
  expect(total).toBeGreaterThan(used);
});

test("a host that was busy for five seconds since the agent began is not busy yet, one that was for a minute is", () => {
  const clock = new FakeClock();
  const twoCores = () => 2 * clock.now().getTime();
  const load = watchLoad(clock, twoCores);
  clock.advance(5_000);
  expect(load.cpusUsed()).toBeCloseTo(2 / 12);
  clock.advance(55_000);
  expect(load.cpusUsed()).toBe(2);
  clock.advance(600_000);
  expect(load.cpusUsed()).toBe(2);
});
