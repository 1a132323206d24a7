import { createHash } from "node:crypto";
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from "node:fs";
import { chown, link, mkdir, open, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "../random.ts";
import { sessionUser } from "./agent-process.ts";

/** Everything in a folder that a crash could leave half: path to type, mode, owner, size, links and content. */
export type Content = ReadonlyMap<string, string>;

/** The copy of the metadata for v2's tools, which changes with every edit, and where the engine mounts what the host shares. */
const volatile = new Set(["session.json", ".claude-shared"]);

/** Larger files are told apart by size and end: a copy that was broken off lacks its end. */
const readWhole = 1 << 20;

/** Reads a home; what root alone may read is no obstacle, for a campaign is root. */
export function contentOf(home: string): Content {
  const content = new Map<string, string>();
  const walk = (folder: string) => {
    for (const name of readdirSync(join(home, folder)).sort()) {
      const path = join(folder, name);
      if (volatile.has(path)) continue;
      const stat = lstatSync(join(home, path));
      const owner = `${(stat.mode & 0o7777).toString(8)} ${String(stat.uid)}:${String(stat.gid)}`;
      if (stat.isDirectory()) {
        content.set(path, `folder ${owner}`);
        walk(path);
      } else if (stat.isSymbolicLink()) content.set(path, `link to ${readlinkSync(join(home, path))}`);
      else if (!stat.isFile()) content.set(path, `neither file nor folder ${owner}`);
      else {
        const bytes = stat.size > readWhole ? readEnd(join(home, path)) : readFileSync(join(home, path));
        const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
        content.set(path, `file ${owner} ${String(stat.size)} bytes ${String(stat.nlink)} names ${hash}`);
      }
    }
  };
  walk("");
  return content;
}

function readEnd(path: string): Buffer {
  const end = Buffer.alloc(4096);
  const file = openSync(path, "r");
  readSync(file, end, 0, end.length, statSync(path).size - end.length);
  closeSync(file);
  return end;
}

/** What differs, a line each; empty when they are alike. */
export function differences(wanted: Content, found: Content): string[] {
  const lost = [...wanted].filter(([path, line]) => found.get(path) !== line);
  const added = [...found.keys()].filter((path) => !wanted.has(path));
  return [
    ...lost.map(([path, line]) => `${path} is ${found.get(path) ?? "missing"} instead of ${line}`),
    ...added.map((path) => `${path} is there that should not be`),
  ];
}

/** What the host gives to every new home: a create that is broken off leaves a part of it. */
export async function writeSkeleton(homes: string, random: Random): Promise<void> {
  for (let n = 0; n < 40; n++)
    await writeOwned(
      join(homes, `.skel/notes/${String(n % 4)}/${String(n)}.md`),
      random.bytes(random.int(0, 900)),
    );
  await writeOwned(join(homes, ".claude/settings.json"), Buffer.from("{}\n"));
}

/** Fills a home as a session would over time: many files, a large and a sparse one, both kinds of links, files of root's. */
export async function fillHome(home: string, random: Random): Promise<void> {
  for (let n = 0; n < 120; n++) {
    const path = join(home, `work/${String(n % 10)}/${String(n)}.txt`);
    await writeOwned(path, random.bytes(random.int(0, 700)), sessionUser);
  }
  await writeOwned(join(home, "work/large"), Buffer.alloc(16 << 20, random.bytes(64)), sessionUser);
  const sparse = await open(join(home, "work/sparse"), "w");
  await sparse.write(random.bytes(100), 0, 100, (1 << 20) - 100);
  await sparse.close();
  await link(join(home, "work/0/0.txt"), join(home, "work/hard"));
  await symlink("0/10.txt", join(home, "work/soft"));
  // What `sudo` leaves: the agent, who is not root, can neither read nor remove it.
  await writeOwned(join(home, ".root/secret"), random.bytes(300), 0);
}

/** New folders on the way get the same owner, and are closed to others. */
async function writeOwned(path: string, bytes: Buffer, owner = sessionUser): Promise<void> {
  const first = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (let folder = dirname(path); first && folder.length >= first.length; folder = dirname(folder))
    await chown(folder, owner, owner);
  await writeFile(path, bytes, { mode: 0o600 });
  await chown(path, owner, owner);
}
