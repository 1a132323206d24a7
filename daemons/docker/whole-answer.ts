import type { Readable } from "node:stream";
import type Docker from "dockerode";

/**
 * docker-modem (5.0.7) waits for the end of an answer and hears of nothing else: an engine that dies in the middle of one,
 * which `wait` always is, would be waited for without end. Asked for a stream it hands the answer over, and we see how it ends.
 */
export function readWholeAnswers({ modem }: Docker): void {
  const dial = modem.dial.bind(modem);
  modem.dial = (options, callback = () => undefined) => {
    if (options.isStream || options.hijack || options.openStdin) return dial(options, callback);
    dial({ ...options, isStream: true }, (error, answer) => {
      if (error) return callback(error, null);
      readWhole(answer as Readable).then(
        (value) => callback(null, value),
        (broken: Error) => callback(broken, null),
      );
    });
  };
}

/** The value of a JSON answer, else its bytes. Rejects when the connection ends before the answer does. */
async function readWhole(answer: Readable): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  try {
    return JSON.parse(bytes.toString()) as object;
  } catch {
    return bytes;
  }
}
