/** Waits until `check` returns something truthy, and returns it; fails after `withinMs`, showing what was seen last. */
export async function eventually<T>(check: () => T, withinMs = 4_000): Promise<NonNullable<T>> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = check();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(seen)} after ${String(withinMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
