import fc from "fast-check";
import { type Resources, unfit } from "./admission.ts";

const has = { cpu: 10, ram: 10_000, disk: 100 };
const promised = { cpu: 4, ram: 4000, disk: 40 };

test("exactly 90 % is admitted, and one more on any axis is not", () => {
  expect(unfit(has, promised, { cpu: 5, ram: 5000, disk: 50 })).toEqual([]);
  expect(unfit(has, promised, { cpu: 6, ram: 5001, disk: 51 })).toEqual([
    "cpu: 6 asked for, and 4 of 9 given away (90 % of 10 processors); --cpu may take 5",
    "ram: 5001 asked for, and 4000 of 9000 given away (90 % of 10000 MiB); --ram may take 5000",
    "disk: 51 asked for, and 40 of 90 given away (90 % of 100 GiB); --osdisk and --datadisk may take 50",
  ]);
});

test("a hypervisor that gave away more than it has offers nothing, not less", () => {
  expect(unfit(has, { ...promised, cpu: 20 }, { cpu: 1, ram: 1, disk: 1 })).toEqual([
    "cpu: 1 asked for, and 20 of 9 given away (90 % of 10 processors); --cpu may take 0",
  ]);
});

test("admitted is what leaves a tenth on every axis, and nothing else", () => {
  const figures = fc.record({ cpu: fc.nat(512), ram: fc.nat(1_000_000), disk: fc.nat(65_536) });
  const fits = (axis: keyof Resources, all: [Resources, Resources, Resources]) =>
    // In whole numbers: 0.9 is none.
    10 * (all[1][axis] + all[2][axis]) <= 9 * all[0][axis] || all[2][axis] === 0;
  fc.assert(
    fc.property(fc.tuple(figures, figures, figures), (all) => {
      const refused = unfit(...all).map((line) => line.split(":")[0]);
      expect(refused).toEqual((["cpu", "ram", "disk"] as const).filter((axis) => !fits(axis, all)));
    }),
  );
});
