import { FakeClock } from "./clock.fake.ts";
import { Pace } from "./pace.ts";

test("a burst at once, then one turn after the other, in the order of asking; a rest earns a burst again, and who closes waits no longer", async () => {
  const clock = new FakeClock();
  const pace = new Pace(clock, { perSecond: 10, burst: 3 });
  const closing = new AbortController();
  const done: number[] = [];
  const ask = (from: number, count: number) => {
    for (let i = from; i < from + count; i += 1) void pace.turn(closing.signal).then(() => done.push(i));
  };
  const after = async (ms: number) => {
    clock.advance(ms);
    await new Promise(setImmediate);
    return done.length;
  };
  ask(0, 6);
  expect(await after(0)).toBe(3);
  expect(await after(100)).toBe(4);
  expect(await after(199)).toBe(5);
  expect(await after(1)).toBe(6);
  await after(10_000);
  ask(6, 4);
  expect(await after(0)).toBe(9);
  expect(await after(100)).toBe(10);
  ask(10, 5);
  closing.abort();
  expect(await after(0)).toBe(15);
  expect(done.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
