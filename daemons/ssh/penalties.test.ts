import { FakeClock } from "../host/clock.fake.ts";
import { Penalties } from "./penalties.ts";

const clock = new FakeClock();
const penalties = (maxMs = 5_000) => new Penalties(maxMs, () => clock.now().getTime());

test("the first failures cost nothing, then each one doubles the wait, up to the most", () => {
  const p = penalties();
  const waits = Array.from({ length: 10 }, () => {
    const wait = p.wait("192.0.2.1");
    p.failed("192.0.2.1");
    return wait;
  });
  expect(waits).toEqual([0, 0, 0, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(p.wait("192.0.2.2")).toBe(0);
});

test("a success, or a minute without failure, is a fresh start", () => {
  const p = penalties();
  for (let i = 0; i < 5; i++) p.failed("a");
  for (let i = 0; i < 5; i++) p.failed("b");
  p.succeeded("a");
  expect(p.wait("a")).toBe(0);
  clock.advance(59_999);
  expect(p.wait("b")).toBe(1_000);
  clock.advance(1);
  expect(p.wait("b")).toBe(0);
});

test("a flood from ever new addresses is forgotten oldest first", () => {
  const p = penalties();
  for (let i = 0; i < 5; i++) p.failed("first");
  for (let i = 0; i < 4_096; i++) p.failed(`address ${String(i)}`);
  expect(p.wait("first")).toBe(0);
});
