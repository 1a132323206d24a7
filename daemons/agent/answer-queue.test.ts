import { Writable } from "node:stream";
import { AnswerQueue } from "./answer-queue.ts";

/** A client that takes one write at a time, when told. */
function slowClient() {
  const taken: string[] = [];
  let take = () => {};
  const channel = new Writable({
    highWaterMark: 2 ** 21,
    write(chunk: Buffer, _encoding, done) {
      take = () => {
        take = () => {};
        taken.push(chunk.toString());
        done();
      };
    },
  });
  const step = async () => {
    take();
    await new Promise(setImmediate);
  };
  return { channel, taken, step };
}
const answer = (id: number, size = 10_000) => ({ ok: true as const, result: "x".repeat(size), id });

test("answers to a client that does not read wait unencoded: 64 KiB and one, of a hundred MiB", () => {
  const { channel } = slowClient();
  const queue = new AnswerQueue(channel, () => {});
  for (let id = 0; id < 10_000; id++) queue.push(answer(id));
  expect(queue.isFull).toBe(true);
  expect(channel.writableLength).toBeLessThan((64 << 10) + 11_000);
});

test("all go out as they are read, in order; room is told when there is some", async () => {
  const { channel, taken, step } = slowClient();
  let rooms = 0;
  const sent: number[] = [];
  const queue = new AnswerQueue(channel, () => (rooms += 1));
  for (let id = 0; id < 40; id++) queue.push(answer(id), () => sent.push(id));
  expect(sent.length).toBeLessThan(10);
  expect(rooms).toBe(0);
  for (let n = 0; n < 40; n++) await step();
  expect(taken.map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([...Array(40).keys()]);
  expect(sent).toEqual([...Array(40).keys()]);
  expect(rooms).toBe(1);
  expect(queue.isFull).toBe(false);
});

test("what cannot be written any more is dropped, and counted as sent", () => {
  const { channel } = slowClient();
  const queue = new AnswerQueue(channel, () => {});
  channel.end();
  let sent = 0;
  for (let id = 0; id < 100; id++) queue.push(answer(id), () => (sent += 1));
  expect(sent).toBe(100);
});
