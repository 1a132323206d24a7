import { Random } from "./random.ts";

const take = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

test("the same seed gives the same numbers, another seed others", () => {
  expect(take(new Random(7), 5)).toEqual(take(new Random(7), 5));
  expect(take(new Random(7), 5)).not.toEqual(take(new Random(8), 5));
});

test("a fork depends on seed and name, not on what was asked before", () => {
  const fresh = new Random(7);
  const used = new Random(7);
  take(used, 9);
  expect(take(used.fork("a"), 3)).toEqual(take(fresh.fork("a"), 3));
  expect(take(fresh.fork("a"), 3)).not.toEqual(take(fresh.fork("b"), 3));
  expect(take(fresh.fork("a"), 3)).not.toEqual(take(new Random(8).fork("a"), 3));
});

test("whole numbers reach both ends and stay within; weights are kept", () => {
  const random = new Random(1);
  const seen = new Set(Array.from({ length: 200 }, () => random.int(2, 4)));
  expect([...seen].sort()).toEqual([2, 3, 4]);
  const names = Array.from({ length: 1000 }, () => random.weighted({ often: 9, seldom: 1, never: 0 }));
  expect(names).not.toContain("never");
  expect(names.filter((name) => name === "seldom").length).toBeGreaterThan(50);
  expect(names.filter((name) => name === "seldom").length).toBeLessThan(200);
});
