/**
 * What a move must know of a host, as a line of JSON. The text of this file runs there as root, by the host's own Node, with
 * the session's UUID as its argument, and where they are other folders those of homes and state; it imports nothing else.
 */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  statfsSync,
} from "node:fs";

const [, , uuid = "", homes = "/home/convocate", state = "/var/lib/convocate-agent"] = process.argv;
const home = `${homes}/${uuid}`;

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

function jsonOf(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** The copy in the home may be anything: a link, a pipe, a gigabyte. */
function copyText(): string | null {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const file = openSync(`${home}/session.json`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = fstatSync(file);
      return stat.isFile() && stat.size <= 65_536 ? readFileSync(file, "utf8") : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** How many files there are, without sockets, and how long the longest of their names is, in bytes from the home. */
function filesOf(folder: string): { files: number; longest_path: number } {
  const names = execFileSync("find", [folder, "-xdev", "!", "-type", "s", "-printf", "%P\\0"], {
    maxBuffer: 1 << 30,
  });
  let files = 0;
  let longest = 0;
  for (let from = 0, to = names.indexOf(0); to >= 0; from = to + 1, to = names.indexOf(0, from)) {
    files += 1;
    longest = Math.max(longest, to - from);
  }
  return { files, longest_path: longest };
}

function isRunning(): boolean {
  const filter = ["ps", "--quiet", "--filter", `name=^/?convocate-session-${uuid}$`];
  return textOf("/etc/convocate-agent/agent-id") !== null && output("docker", ...filter) !== "";
}

function sessions(): unknown[] {
  const folder = `${state}/sessions`;
  if (!isFolder(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.map((name) => jsonOf(textOf(`${folder}/${name}`))).filter((read) => read !== null);
}

const there = isFolder(home);
const { bavail, blocks, bsize, ffree, files: inodes } = statfsSync(isFolder(homes) ? homes : "/");
const facts = {
  agent_id: textOf("/etc/convocate-agent/agent-id"),
  home: there,
  metadata: jsonOf(textOf(`${state}/sessions/${uuid}.json`)),
  copy: there ? jsonOf(copyText()) : null,
  running: isRunning(),
  bytes: there ? Number(output("du", "--summarize", "--block-size=1", home).split("\t")[0]) : 0,
  ...(there ? filesOf(home) : { files: 0, longest_path: 0 }),
  free_bytes: bavail * bsize,
  total_bytes: blocks * bsize,
  // Some filesystems make room for files as they go, and say 0 of 0.
  free_files: inodes === 0 ? null : ffree,
  sessions: sessions(),
  moved: textOf(`${state}/moved/${uuid}`),
};
console.log(JSON.stringify(facts));
