import { spawn } from "node:child_process";
import { Duplex } from "node:stream";

/** Standard input and output of a command as one stream. Its end is the stream's; a failure carries its last words. */
export function commandStream(argv: readonly string[]): Duplex {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Buffer, _, done) => void child.stdin.write(chunk, done),
    final: (done) => void child.stdin.end(done),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  child.stdin.on("error", () => {}); // told by the command's end
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1_000)));
  child.stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.on("error", (error) => stream.destroy(error));
  child.on("close", (status) => {
    if (status === 0) stream.push(null);
    else stream.destroy(new Error(inOneLine(said) || `${command} ended with status ${String(status)}`));
  });
  return stream;
}

const inOneLine = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .join("; ");
