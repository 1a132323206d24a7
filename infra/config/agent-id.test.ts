import { deriveAgentId } from "./agent-id.ts";

test("is the same at every `up`, for ever", () => {
  expect(deriveAgentId("lab", "agent-a")).toBe("37kak399rrdx");
});

test("has 12 characters, none of which looks like another", () => {
  const ids = Array.from({ length: 500 }, (_, i) => deriveAgentId("lab", `agent-${String(i)}`));
  for (const id of ids) expect(id).toMatch(/^[a-hjkmnp-z2-9]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test("differs by stack and by host, and by where one ends and the other begins", () => {
  const pairs = [
    ["lab", "agent-a"],
    ["prod", "agent-a"],
    ["lab", "agent-b"],
    ["laba", "gent-a"],
  ] as const;
  expect(new Set(pairs.map(([stack, host]) => deriveAgentId(stack, host))).size).toBe(pairs.length);
});
