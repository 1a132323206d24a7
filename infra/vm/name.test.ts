import { randomName } from "./name.ts";

test("names are 8 letters, each of the alphabet's, and do not repeat", () => {
  const names = Array.from({ length: 2000 }, randomName);
  for (const name of names) expect(name).toMatch(/^[a-z]{8}$/);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(names.join("")).size).toBe(26);
});
