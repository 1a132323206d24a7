import { algorithms, backoffDelay, spreadDelay } from "./transport.ts";

test("re-dial after 1 s, doubled up to 30 s", () => {
  expect([0, 1, 2, 3, 4, 5, 100].map(backoffDelay)).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
});

test("no CBC, no SHA-1, no MAC weaker than ETM SHA-2", () => {
  expect(Object.values(algorithms).flat().join(" ")).not.toMatch(/cbc|sha1|md5|ssh-rsa|ctr/);
  for (const mac of algorithms.hmac) expect(mac).toMatch(/sha2-.*-etm@/);
});

test("many that were lost together dial at different times, none before 1 s or after 30 s", () => {
  const delays = (random: number) => [0, 1, 2, 5, 100].map((attempt) => spreadDelay(attempt, () => random));
  expect(delays(0)).toEqual([1_000, 1_000, 2_000, 15_000, 15_000]);
  expect(delays(0.5)).toEqual([1_000, 1_500, 3_000, 22_500, 22_500]);
  expect(delays(1)).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
});
