import { createHash, type Hash } from "node:crypto";
import { ConvocateError } from "../../protocol/errors.ts";
import { importTrailer } from "../../protocol/rpc.ts";

/** Takes a stream whose last bytes are the SHA-256 of those before: tells which bytes are its content, and at the end whether they are whole. */
export class StreamCheck {
  readonly #sum: Hash = createHash("sha256");
  readonly #maxBytes: number;
  /** The last bytes that came: they may be the sum. */
  #held: Buffer = Buffer.alloc(0);
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The content among what came so far. Throws `admission_denied` when there is more than `maxBytes` of it. */
  take(chunk: Buffer): Buffer {
    const all = Buffer.concat([this.#held, chunk]);
    const end = Math.max(0, all.length - importTrailer);
    const content = all.subarray(0, end);
    this.#held = Buffer.from(all.subarray(end));
    this.#bytes += content.length;
    if (this.#bytes > this.#maxBytes)
      throw new ConvocateError(
        "admission_denied",
        `admission denied: disk: more came than there is room for, ${String(this.#maxBytes)} bytes`,
      );
    this.#sum.update(content);
    return content;
  }

  /** The sum, in hexadecimal digits. Throws `copy_failed` when it is not what the stream ended with: something is missing or was changed. */
  end(): string {
    const came = this.#sum.digest();
    if (!came.equals(this.#held))
      throw new ConvocateError(
        "copy_failed",
        `what arrived is not what was sent: ${String(this.#bytes)} bytes came, and not the sum of them`,
      );
    return came.toString("hex");
  }
}
