import { ops } from "./rpc.ts";

test("absent and null parameters are zero values, as v2 decodes them", () => {
  expect(ops.create.params.parse({ name: "a", port: null })).toMatchObject({
    name: "a",
    port: 0,
    protocol: "",
    dns_name: "",
  });
});

test("an unknown parameter is refused", () => {
  expect(ops.get.params.safeParse({ id: "x", nope: 1 }).success).toBe(false);
});

test("null stands for an empty list and for void, as v2 agents send it", () => {
  expect(ops.list.result.parse(null)).toEqual([]);
  expect(ops.kill.result.parse(null)).toEqual({});
  expect(ops.kill.result.parse(undefined)).toEqual({});
});
