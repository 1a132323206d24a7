const steps: [number, string][] = [
  [365 * 86_400, "y"],
  [7 * 86_400, "w"],
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
];

/** Time since `since` (RFC 3339) in at most four columns: `45s`, `12m`, `3h`, `6d`, `9w`, `2y`; `-` when unknown. */
export function age(since: string | undefined, now: number): string {
  const then = Date.parse(since ?? "");
  if (Number.isNaN(then)) return "-";
  // Clocks of hosts differ a little: the future is now.
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  const [size, unit] = steps.find(([step]) => seconds >= step) ?? [1, "s"];
  return `${String(Math.min(999, Math.floor(seconds / size)))}${unit}`;
}
