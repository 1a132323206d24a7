import type { Limits } from "./limits.ts";

/**
 * Whether one more connection is dropped while `pending` have not authenticated: never below `startups`, always from
 * `maxStartups` on, and in between with a chance growing from 30 % to 100 % (sshd_config(5), MaxStartups 10:30:32).
 */
export function dropsEarly(
  pending: number,
  limits: Pick<Limits, "startups" | "maxStartups">,
  random: () => number,
): boolean {
  if (pending < limits.startups) return false;
  if (pending >= limits.maxStartups) return true;
  const share = (pending - limits.startups) / (limits.maxStartups - limits.startups);
  return random() < 0.3 + 0.7 * share;
}
