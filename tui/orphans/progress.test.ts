import { progress } from "./progress.ts";

test("a line a second, with how much of how much and how fast; a name cannot act on the terminal", () => {
  const lines: string[] = [];
  let now = 0;
  const say = progress(
    "lost\u001b[2J",
    (line) => lines.push(line),
    () => now,
  );
  for (; now <= 2_500; now += 100) say(now * 2 ** 20, 4 * 2 ** 30);
  expect(lines).toEqual([
    "adopting lost?[2J: 1000.0 MiB of about 4.0 GiB, 1000.0 MiB/s",
    "adopting lost?[2J: 2.0 GiB of about 4.0 GiB, 1000.0 MiB/s",
  ]);
});
