import { basename } from "node:path";
import { ConvocateError } from "../../protocol/errors.ts";
import { run } from "./run.ts";

/** What is to be moved. */
export interface Survey {
  /** On disk. */
  bytes: number;
  /** Files, folders, links and pipes; sockets are not brought along. */
  files: number;
}

const unreadable = [
  "-type",
  "d",
  "(",
  "!",
  "-readable",
  "-o",
  "!",
  "-executable",
  ")",
  "-o",
  "-type",
  "f",
  "!",
  "-readable",
];
const devices = ["-type", "b", "-o", "-type", "c"];

/**
 * Counts a home that a session's own root has written: nothing in it is opened, no link is followed. Throws `not_readable`
 * when we may not read all of it, and `not_found` when it is not there.
 */
export async function survey(home: string): Promise<Survey> {
  let [files, refused] = [0, false];
  // An `x` for what comes along, a `!` for the first that cannot.
  const look = [
    "(",
    ...unreadable,
    "-o",
    ...devices,
    ")",
    "-printf",
    "!",
    "-quit",
    "-o",
    "!",
    "-type",
    "s",
    "-printf",
    "x",
  ];
  const found = await run(["find", home, "-xdev", ...look], (chunk) => {
    const said = chunk.toString("latin1");
    refused ||= said.includes("!");
    files += said.length;
  });
  if (refused || found.status !== 0)
    throw new ConvocateError(
      "not_readable",
      files > 0
        ? `the orphan holds what only root may read: \`convocate-host migrate-session --session ${basename(home)} --from SHELL-HOST --agent AGENT\` moves it as root`
        : `the orphan cannot be read: ${found.words.split(": ").at(-1) ?? ""}`,
    );
  let said = "";
  const du = ["du", "--summarize", "--one-file-system", "--block-size=1", "--", home];
  await run(du, (chunk) => (said += chunk.toString("latin1")));
  const [, bytes] = /^(\d+)\t/.exec(said) ?? [];
  if (bytes === undefined) throw new ConvocateError("not_readable", "the orphan's size cannot be counted");
  return { bytes: Number(bytes), files };
}
