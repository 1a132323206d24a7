import { FakeClock } from "./clock.fake.ts";
import { cpuTimes, memoryLine, watchLoad } from "./load.ts";

test("a line of /proc/meminfo is in kilobytes", () => {
  const text = "MemTotal:       1000 kB\nMemAvailable:    250 kB\n";
  expect([memoryLine(text, "MemTotal"), memoryLine(text, "MemAvailable"), memoryLine(text, "Mem")]).toEqual([
    1_024_000, 256_000, 0,
  ]);
});

test("waiting for a disk is not work; guests are counted once", () => {
  const text =
    "cpu  10 1 5 100 20 2 3 4 7 8\ncpu0 5 0 2 50 10 1 1 2 3 4\ncpu1 5 1 3 50 10 1 2 2 4 4\nintr 1\n";
  expect(cpuTimes(text)).toEqual({ busy: 25, total: 145, cores: 2 });
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
  let seconds = 0;
  const read = () => ({ busy: seconds * 200, total: seconds * 200, cores: 2 });
  const load = watchLoad(clock, read);
  const pass = (n: number) => {
    for (; n > 0; n -= 5) {
      seconds += 5;
      clock.advance(5_000);
    }
  };
  pass(5);
  expect(load.cpusUsed()).toBeCloseTo(2 / 12);
  pass(55);
  expect(load.cpusUsed()).toBe(2);
});
