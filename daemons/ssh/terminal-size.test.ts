import { clampSize, safeTerm } from "./terminal-size.ts";

test("sizes are 1 to 1,000; zero and nonsense keep what was", () => {
  expect([1, 80, 1_000, 1_001, 65_535, 4_294_967_295].map((n) => clampSize(n, 80))).toEqual([
    1, 80, 1_000, 1_000, 1_000, 1_000,
  ]);
  expect([0, -1, NaN, Infinity, undefined].map((n) => clampSize(n, 24))).toEqual([24, 24, 24, 24, 24]);
});

test("TERM is a terminal's name and never anything else", () => {
  expect(safeTerm("tmux-256color")).toBe("tmux-256color");
  expect(safeTerm("screen.xterm-new")).toBe("screen.xterm-new");
  for (const bad of [undefined, "", "-x", "../../etc", "a b", "x\n", "x".repeat(65), "$(id)"])
    expect(safeTerm(bad)).toBe("xterm-256color");
});
