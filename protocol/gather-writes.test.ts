import { once } from "node:events";
import { Writable } from "node:stream";
import { gatherWrites } from "./gather-writes.ts";

/** Keeps how it was written to: the texts of every single go. */
class Recorder extends Writable {
  readonly goes: string[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.goes.push(String(chunk));
    done();
  }

  override _writev(chunks: { chunk: unknown }[], done: () => void): void {
    this.goes.push(chunks.map(({ chunk }) => String(chunk)).join(""));
    done();
  }
}

test("the pieces of a packet are sent in one go, the next packet in another", async () => {
  const socket = new Recorder();
  gatherWrites(socket);
  for (const piece of ["length", "content", "tag"]) socket.write(piece);
  expect(socket.goes).toEqual([]);
  await new Promise(setImmediate);
  expect(socket.goes).toEqual(["lengthcontenttag"]);
  socket.write("next");
  await new Promise(setImmediate);
  expect(socket.goes).toEqual(["lengthcontenttag", "next"]);
});

test("who writes hears that it is full, and that it drained", async () => {
  const socket = new Recorder({ highWaterMark: 4 });
  gatherWrites(socket);
  expect(socket.write("abc")).toBe(true);
  expect(socket.write("def")).toBe(false);
  await once(socket, "drain");
  expect(socket.goes).toEqual(["abcdef"]);
});

test("what was written before the end is sent before the end", async () => {
  const socket = new Recorder();
  gatherWrites(socket);
  socket.write("last");
  const heard = new Promise((resolve) => socket.write("words", resolve));
  socket.end();
  await once(socket, "finish");
  await heard;
  expect(socket.goes.join("")).toBe("lastwords");
});
