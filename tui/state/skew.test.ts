import { skewOf, versionText } from "./skew.ts";

test("an agent's version is compared with ours, when it is one", () => {
  expect(["0.0.1", "99.0.0", "dev", "", undefined].map(skewOf)).toEqual(["older", "newer", null, null, null]);
});

test("people are told of another version, and of no other", () => {
  const texts = ["0.0.1", "99.0.0", "dev", undefined].map(versionText);
  expect(texts).toEqual(["0.0.1 (older)", "99.0.0 (newer)", "dev", "-"]);
});
