import fc from "fast-check";
import { AttachAnswer } from "./attach-answer.ts";

const line = Buffer.from('{"ok":false,"error":"session \\"x\\" does not exist"}\n');

test("a failure that comes instead of a terminal is an error, however it is split", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: line.length }), (at) => {
      const answer = new AttachAnswer({ trailing: false });
      expect(answer.push(line.subarray(0, at)).length).toBe(0);
      expect(answer.push(line.subarray(at)).length).toBe(0);
      expect(answer.finish()).toMatchObject({ code: "not_found", message: 'session "x" does not exist' });
    }),
  );
});

test("a terminal's bytes pass unchanged and at once, also when they look like a failure", () => {
  const answer = new AttachAnswer({ trailing: false });
  const chunks = ["\x1b[2J", "{", '{"ok":false,"error":"typed by somebody"}\n', "漢"].map((s) =>
    Buffer.from(s),
  );
  for (const chunk of chunks) expect(answer.push(chunk).equals(chunk)).toBe(true);
  expect(answer.finish()).toHaveLength(0);
});

test("every byte arrives: nothing is swallowed by holding back", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.boolean(), (chunks, trailing) => {
      const answer = new AttachAnswer({ trailing });
      const out = chunks.map((chunk) => answer.push(Buffer.from(chunk)));
      const last = answer.finish();
      expect(Buffer.isBuffer(last)).toBe(true);
      expect(Buffer.concat([...out, last as Buffer]).equals(Buffer.concat(chunks))).toBe(true);
    }),
  );
});

test("a v2 agent's failure after output is taken for what it is; output after it is output", () => {
  const answer = new AttachAnswer({ trailing: true });
  answer.push(Buffer.from("$ "));
  expect(answer.push(line)).toHaveLength(0);
  expect(answer.finish()).toMatchObject({ code: "not_found" });
  const more = new AttachAnswer({ trailing: true });
  more.push(Buffer.from("$ "));
  more.push(line);
  expect(more.push(Buffer.from("$ ")).toString()).toBe(`${line.toString()}$ `);
});
