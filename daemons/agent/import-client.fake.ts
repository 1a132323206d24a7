import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import type { ClientChannel } from "ssh2";
import { pack, type Header } from "tar-stream";
import type { PlainClient } from "./client.fake.ts";

export interface Answer {
  ok: boolean;
  result?: Record<string, unknown>;
  error?: string;
  code?: string;
}

/** A stream with the sum that it must end with. */
export const summed = (stream: Buffer): Buffer =>
  Buffer.concat([stream, createHash("sha256").update(stream).digest()]);

/** A tree as the shell host sends it. */
export const packed = (folder: string): Buffer =>
  execFileSync("tar", ["--create", "--format=posix", "--sort=name", "--sparse", "--directory", folder, "."], {
    maxBuffer: 1 << 30,
  });

/** A member of an archive. */
export type Entry = Partial<Header> & { name: string; content?: string };

/** An archive of entries as somebody wrote them who means no good. */
export async function forged(...entries: Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = "", ...header } of [
    { name: "./", type: "directory" as const, mode: 0o755 },
    ...entries,
  ])
    archive.entry(header, content);
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** An import under way, as a client writes it that shares no code with ours. */
export class Importing {
  readonly channel: ClientChannel;
  readonly #lines: string[] = [];
  #text = "";
  closed = false;

  private constructor(channel: ClientChannel) {
    this.channel = channel;
    channel.on("error", () => undefined);
    channel.on("data", (chunk: Buffer) => {
      const lines = (this.#text + chunk.toString()).split("\n");
      this.#text = lines.pop() ?? "";
      this.#lines.push(...lines);
    });
    channel.on("close", () => (this.closed = true));
  }

  /** Asks; the stream is sent when the answer is well. */
  static async ask(client: PlainClient, params: object): Promise<{ importing: Importing; answer: Answer }> {
    const importing = new Importing(await client.open("convocate-agent-rpc"));
    importing.channel.write(`${JSON.stringify({ op: "import", params })}\n`);
    return { importing, answer: await importing.answer() };
  }

  /** The next line; null when the channel ended without one. */
  async answer(): Promise<Answer> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return JSON.parse(line) as Answer;
      if (this.closed) return { ok: false, error: "closed without an answer" };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Sends all of it and ends; the agent's last word. */
  async send(bytes: Buffer): Promise<Answer> {
    this.channel.end(bytes);
    return this.answer();
  }
}
