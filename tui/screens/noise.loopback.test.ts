import { Terminal } from "@xterm/headless";
import { BlindList } from "./blind-list.fake.ts";
import { fleetOfHostiles } from "./hostile-names.fake.ts";
import { typeNoise } from "./noise.fake.ts";

/** Park and Miller's generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
}

test.each([
  [80, 24],
  [200, 60],
])(
  "hostile names at %dx%d: nothing of theirs reaches the terminal, and what is meant is what is shown",
  async (cols, rows) => {
    const list = new BlindList([fleetOfHostiles], new Terminal({ cols, rows, allowProposedApi: true }));
    expect(await list.wrong()).toBeNull();
    for (const key of ["n", "\x1b[B", "\r", "\x1b[201~"]) {
      await list.type(Buffer.from(key));
      expect(await list.wrong()).toBeNull();
    }
    list.close();
  },
);

test("100,000 bytes of keyboard noise: no hang, no garbling, no escape of others, and keys still work", async () => {
  const list = new BlindList([fleetOfHostiles], new Terminal({ allowProposedApi: true }));
  expect(await typeNoise(list, numbers(6), 100_000)).toBeNull();
  // Noise that nothing gets through would find nothing.
  expect(list.heard).toBeGreaterThan(10_000);
  list.close();
}, 120_000);
