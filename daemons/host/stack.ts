import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { z } from "zod";

const mapFile = z.object({
  version: z.number(),
  file: z.string().default(""),
  sources: z.array(z.string()),
  sourcesContent: z.array(z.string()).default([]),
  names: z.array(z.string()),
  mappings: z.string(),
  sourceRoot: z.string().default(""),
});

/** Where a frame of a stack is: `/…/convocate-agent.cjs:12:34`. */
const place = /(\/[^\s():]+\.cjs):(\d+):(\d+)/g;

/**
 * A stack trace that names the lines of the sources instead of those of the bundle, where a map lies beside it. Node would
 * do it by itself (`--enable-source-maps`), and keep 65 MB for it as long as the program lives; this reads the map when something
 * has gone wrong.
 */
export function mappedStack(stack: string): string {
  const maps = new Map<string, SourceMap | null>();
  return stack.replace(place, (frame: string, file: string, line: string, column: string) => {
    if (!maps.has(file)) maps.set(file, readMap(file));
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!entry || !("originalSource" in entry)) return frame;
    return `${join(entry.originalSource)}:${String(entry.originalLine + 1)}:${String(entry.originalColumn + 1)}`;
  });
}

function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(mapFile.parse(JSON.parse(readFileSync(`${file}.map`, "utf8"))));
  } catch {
    return null; // not a bundle of ours
  }
}
