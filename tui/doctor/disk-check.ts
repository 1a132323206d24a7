import type { Findings } from "./check.ts";

/** Of memory and disk, sessions get nothing more beyond this share (spec/3 "Capacity"). */
export const fullShare = 0.9;
/** From here on what runs already will soon fail. */
const brimShare = 0.97;

const gibibyte = 2 ** 30;

/** `total` and `used` in bytes. */
export function diskCheck(
  findings: Findings,
  { total, used, remedy }: { total: number; used: number; remedy: string },
): void {
  const share = total > 0 ? used / total : 0;
  const gib = (bytes: number) => (bytes / gibibyte).toFixed(1);
  const found = `${gib(used)} of ${gib(total)} GiB used, ${(share * 100).toFixed(0)} %`;
  if (share < fullShare) findings.ok("disk", found);
  else if (share < brimShare) findings.warn("disk", found, remedy);
  else findings.fail("disk", found, remedy);
}
