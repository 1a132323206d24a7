/**
 * What a move must know of a host, as a line of JSON. The text of this file runs there as root, by the host's own Node, with
 * the session's UUID as its last argument; it imports nothing else.
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

const uuid = process.argv.at(-1) ?? "";
const homes = "/home/convocate";
const state = "/var/lib/convocate-agent";
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
const { bavail, blocks, bsize } = statfsSync(isFolder(homes) ? homes : "/");
const facts = {
  agent_id: textOf("/etc/convocate-agent/agent-id"),
  home: there,
  metadata: jsonOf(textOf(`${state}/sessions/${uuid}.json`)),
  copy: there ? jsonOf(copyText()) : null,
  running: isRunning(),
  bytes: there ? Number(output("du", "--summarize", "--block-size=1", home).split("\t")[0]) : 0,
  files: there ? output("find", home, "-xdev", "!", "-type", "s", "-printf", "x").length : 0,
  free_bytes: bavail * bsize,
  total_bytes: blocks * bsize,
  sessions: sessions(),
  moved: textOf(`${state}/moved/${uuid}`),
};
console.log(JSON.stringify(facts));
