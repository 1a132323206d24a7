import { algorithms, backoffDelay } from "./transport.ts";

test("re-dial after 1 s, doubled up to 30 s", () => {
  expect([0, 1, 2, 3, 4, 5, 100].map(backoffDelay)).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
});

test("no CBC, no SHA-1, no MAC weaker than ETM SHA-2", () => {
  expect(Object.values(algorithms).flat().join(" ")).not.toMatch(/cbc|sha1|md5|ssh-rsa|ctr/);
  for (const mac of algorithms.hmac) expect(mac).toMatch(/sha2-.*-etm@/);
});
