import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { ConvocateError } from "../../protocol/errors.ts";
import type { Clock } from "../host/clock.ts";
import { StreamCheck } from "./stream-check.ts";

/** Programs of the host are found here, and say things in plain words; nothing else of our environment reaches them. */
const env = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" };

/**
 * GNU tar as whoever we are, with a whole umask: everything becomes ours, set-user-ID bits are dropped, devices cannot be made,
 * names that lead out and entries behind a link are refused (both are tar's own), and nothing is written twice.
 */
const tarArgs = [
  ...["--extract", "--file=-", "--numeric-owner", "--no-same-owner", "--no-same-permissions"],
  ...["--keep-old-files", "--delay-directory-restore", "--xattrs", "--xattrs-include=user.*"],
];
const script = 'umask 0 && exec tar "$@"';

/** Milliseconds for which nothing may come. */
const silence = 60_000;

export interface UnpackOptions {
  /** Of the stream. */
  maxBytes: number;
  clock: Clock;
}

/**
 * Unpacks a stream of tar that ends with its own sum into the empty folder `home`; resolves with the sum when all of it is
 * there. Rejects `copy_failed` with tar's own words, or `admission_denied`; what was unpacked then stays for the caller to
 * remove, and the rest of `input` is left unread.
 */
export async function unpack(
  input: Readable,
  home: string,
  { maxBytes, clock }: UnpackOptions,
): Promise<string> {
  const check = new StreamCheck(maxBytes);
  const tar = spawn("sh", ["-c", script, "sh", ...tarArgs], {
    cwd: home,
    env,
    stdio: ["pipe", "ignore", "pipe"],
  });
  const ended = outcome(tar);
  tar.stdin.on("error", () => undefined); // told by its end
  try {
    await feed(input, { check, to: tar.stdin, ended, clock });
    const sum = check.end();
    tar.stdin.end();
    const words = await ended;
    if (words !== null) throw failed(words);
    return sum;
  } catch (error) {
    tar.kill("SIGKILL");
    await ended;
    throw error;
  }
}

interface Feeding {
  check: StreamCheck;
  to: Writable;
  ended: Promise<string | null>;
  clock: Clock;
}

/** Passes on what comes as fast as it is taken, until it ends. Rejects when tar ends before, or nothing comes any more. */
function feed(input: Readable, { check, to, ended, clock }: Feeding): Promise<void> {
  return new Promise((resolve, reject) => {
    let cancel = (): void => undefined;
    const leave = (settle: () => void) => {
      cancel();
      input.off("data", take).off("end", over).off("close", over);
      settle();
    };
    const fail = (error: unknown) =>
      leave(() => reject(error instanceof Error ? error : new Error(String(error))));
    const over = () => leave(resolve);
    const wait = () => {
      cancel();
      const late = new ConvocateError("copy_failed", `nothing came for ${String(silence / 1_000)} s`);
      cancel = clock.after(silence, () => fail(late));
    };
    const take = (chunk: Buffer) => {
      wait();
      try {
        if (to.write(check.take(chunk))) return;
      } catch (error) {
        return fail(error);
      }
      input.pause();
      to.once("drain", () => input.resume());
    };
    void ended.then((words) => fail(failed(words ?? "tar ended before the stream did")));
    input.on("data", take).once("end", over).once("close", over);
    wait();
    if (input.readableEnded || input.destroyed) over();
    else input.resume();
  });
}

const failed = (words: string) =>
  new ConvocateError("copy_failed", `the home could not be unpacked: ${words}`);

/** Null when it ended well, else its first words: what follows them is told by them. */
function outcome(child: ChildProcess): Promise<string | null> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (said.length < 4_096) said += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status) => {
      const [words = ""] = said.split("\n").filter((line) => !line.includes("Removing leading"));
      resolve(status === 0 ? null : words.replace(/^tar: /, "") || `tar ended with status ${String(status)}`);
    });
  });
}
