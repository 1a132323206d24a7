import { lt, valid } from "semver";
import type { AgentJson } from "../../protocol/verbs.ts";
import { version } from "../../protocol/version.ts";

/** How an agent's version stands to ours; null for one that is none, such as a v2 agent's `dev`. */
export function skewOf(theirs: string | undefined): AgentJson["skew"] {
  if (valid(theirs) === null || theirs === undefined) return null;
  if (lt(theirs, version)) return "older";
  return lt(version, theirs) ? "newer" : "same";
}

/** An agent's version for people: with how it stands to ours, when it is another. */
export function versionText(theirs: string | undefined): string {
  const skew = skewOf(theirs);
  return `${theirs ?? "-"}${skew === "older" || skew === "newer" ? ` (${skew})` : ""}`;
}
