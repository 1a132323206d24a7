import { z } from "zod";
import { fieldsOf, typeOf } from "./schema-text.ts";

test("fields are told by name, type and whether they may be left out", () => {
  const schema = z.strictObject({
    id: z.string(),
    port: z.int().nullish(),
    mode: z.enum(["rw", "ro"]).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    limits: z.strictObject({ cpus: z.number() }).optional(),
    mounts: z.array(z.string().max(9)).default([]),
  });
  expect(fieldsOf(schema)).toEqual([
    { name: "id", type: "string", optional: false },
    { name: "port", type: "integer", optional: true },
    { name: "mode", type: '"rw" or "ro"', optional: true },
    { name: "labels", type: "string → string", optional: true },
    { name: "limits", type: "{ cpus: number }", optional: true },
    { name: "mounts", type: "list of string, at most 9", optional: true },
  ]);
  expect(typeOf(z.unknown())).toBe("any");
});
