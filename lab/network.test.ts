import { freeAddress, freeSubnet } from "./network.ts";

test.each([
  [[], "10.213.0.0/24"],
  [["10.0.0.0/24", "172.17.0.0/16", "110.213.0.0/24"], "10.213.0.0/24"],
  [["10.213.0.0/24"], "10.213.1.0/24"],
  [["10.213.0.5", "10.213.2.0/24"], "10.213.1.0/24"],
  [["10.213.1.0/24", "10.213.0.128/25"], "10.213.2.0/24"],
  [["10.213.10.0/24"], "10.213.0.0/24"],
])("beside %j a lab gets %s", (taken, expected) => {
  expect(freeSubnet(taken)).toBe(expected);
});

test("when every network is taken, the remedy is named", () => {
  const taken = Array.from({ length: 256 }, (_, third) => `10.213.${String(third)}.0/24`);
  expect(freeSubnet(taken.slice(0, 255))).toBe("10.213.255.0/24");
  expect(() => freeSubnet(taken)).toThrow(/10\.213\.0\.0\/16 is taken: remove labs .*\(lab down\)/);
});

test("hosts get the lowest free addresses, from .10 up", () => {
  expect(freeAddress("10.213.7.0/24", [])).toBe("10.213.7.10");
  expect(freeAddress("10.213.7.0/24", ["10.213.7.10", "10.213.7.11", "10.213.7.13"])).toBe("10.213.7.12");
  expect(freeAddress("10.213.7.0/24", ["10.213.8.10"])).toBe("10.213.7.10");
});

test("a full network is refused with its size", () => {
  const taken = Array.from({ length: 240 }, (_, i) => `10.213.7.${String(i + 10)}`);
  expect(freeAddress("10.213.7.0/24", taken.slice(0, 239))).toBe("10.213.7.249");
  expect(() => freeAddress("10.213.7.0/24", taken)).toThrow(
    "10.213.7.0/24 is full: a lab has room for 240 hosts",
  );
});
