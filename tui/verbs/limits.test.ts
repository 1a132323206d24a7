import { labelsOf, limitsOf } from "./limits.ts";

test("sizes are bytes or have a unit; what is none is named with its option", () => {
  const memory = (text: string) => limitsOf({ memory: text })?.memory_bytes;
  expect(["1024", "512m", "4G", "1.5GiB", "2kb"].map(memory)).toEqual([
    1024,
    512 * 2 ** 20,
    4 * 2 ** 30,
    1.5 * 2 ** 30,
    2048,
  ]);
  for (const wrong of ["", "g", "-1", "4x", "0", "1e3", "9999999999t"])
    expect(() => memory(wrong)).toThrow(`--memory ${JSON.stringify(wrong)}`);
  expect(limitsOf({})).toBeNull();
  expect(limitsOf({ cpus: "0.5", pids: "10" })).toEqual({ cpus: 0.5, pids: 10 });
  for (const wrong of ["0", "-1", "Infinity", "0x10", ""]) {
    expect(() => limitsOf({ cpus: wrong })).toThrow("--cpus");
    expect(() => limitsOf({ pids: wrong })).toThrow("--pids");
  }
});

test("labels are key=value; the first = counts, the last of one key wins", () => {
  expect(labelsOf(["a=b=c", "d=", "a=e"])).toEqual({ a: "e", d: "" });
  expect(() => labelsOf(["=x"])).toThrow("--label");
  expect(() => labelsOf(["x"])).toThrow("--label");
});
