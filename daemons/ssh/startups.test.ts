import { dropsEarly } from "./startups.ts";

const limits = { startups: 10, maxStartups: 32 };

test("below 10 nothing is dropped, from 32 on everything, whatever the dice say", () => {
  expect(dropsEarly(9, limits, () => 0)).toBe(false);
  expect(dropsEarly(32, limits, () => 0.999_999)).toBe(true);
});

test("in between the chance grows from 30 % to 100 %", () => {
  expect(dropsEarly(10, limits, () => 0.29)).toBe(true);
  expect(dropsEarly(10, limits, () => 0.31)).toBe(false);
  expect(dropsEarly(21, limits, () => 0.64)).toBe(true);
  expect(dropsEarly(21, limits, () => 0.66)).toBe(false);
});
