import type { Command } from "commander";
import type { Access } from "../client/access.ts";
import { readFleet } from "../client/fleet-socket.ts";
import { candidates, type Answer } from "./completion-candidates.ts";
import { inBash, readLine } from "./completion-line.ts";
import { filesLine, type Shell } from "./completion-scripts.ts";
import { walk, type Place } from "./completion-walk.ts";

/** Milliseconds that the fleet has: somebody has pressed a key and waits. */
const patience = 700;

/** How the fleet is reached from a command line with these options. */
export type Reach = (given: Place["given"]) => Promise<Access>;

/** The lines that a shell's script is answered. bash tells its line and the end of it that it will replace, the others their words. */
export async function answerLines(
  root: Command,
  shell: Shell,
  asked: readonly string[],
  reach: Reach,
): Promise<string[]> {
  const [line = "", replaced = ""] = asked;
  const { words, current } =
    shell === "bash" ? readLine(line) : { words: ["", ...asked.slice(0, -1)], current: asked.at(-1) ?? "" };
  const answer = await answerTo(root, words.slice(1), current, reach);
  if (answer === "files") return [filesLine];
  const values = answer.map(({ value }) => value);
  if (shell === "bash") return inBash(values, line, replaced);
  return answer.map(({ value, text }) => (text === "" ? value : `${value}\t${text}`));
}

function answerTo(root: Command, before: readonly string[], current: string, reach: Reach): Promise<Answer> {
  return candidates(root, walk(root, before, current), current, (given) =>
    reach(given)
      .then((access) => readFleet(access, patience))
      .catch(() => null),
  );
}
