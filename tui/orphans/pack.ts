import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { ConvocateError } from "../../protocol/errors.ts";
import { programEnv } from "./run.ts";

/** As migrate-session packs: the same tree gives the same stream, so that its sum tells whether anything changed. */
const options = [
  ...["--create", "--file=-", "--sort=name", "--format=posix"],
  "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
  ...["--numeric-owner", "--sparse", "--xattrs", "--xattrs-include=user.*"],
  ...["--one-file-system", "--warning=no-file-ignored"],
];

/** A home on its way. */
export interface Packing {
  stream: Readable;
  /** Resolves when all of it was packed; rejects `copy_failed` with tar's words. */
  ended: Promise<void>;
  stop(): void;
}

/** Packs a home with GNU tar, a process of its own: links are packed as links, whatever they lead to. */
export function pack(home: string): Packing {
  const tar = spawn("tar", [...options, "--directory", home, "."], {
    env: programEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  tar.stderr.on("data", (chunk: Buffer) => {
    if (said.length < 4_096) said += chunk.toString();
  });
  const ended = new Promise<void>((resolve, reject) => {
    const failed = (why: string) =>
      reject(new ConvocateError("copy_failed", `the home could not be packed: ${why}`));
    tar.once("error", (error) => failed(error.message));
    // Status 1: something changed while it was read.
    tar.once("close", (status) =>
      status === 0 ? resolve() : failed(said.split("\n")[0] || `tar ended with ${String(status)}`),
    );
  });
  ended.catch(() => undefined); // looked at when its stream is over
  return { stream: tar.stdout, ended, stop: () => tar.kill("SIGKILL") };
}

/** The sum, in hexadecimal digits, of the stream that a home is packed into now. */
export async function sumOf(home: string): Promise<string> {
  const { stream, ended } = pack(home);
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  await ended;
  return hash.digest("hex");
}
