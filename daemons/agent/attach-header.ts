import { attachHeader, maxHeader, type AttachHeader } from "../../protocol/attach.ts";
import { ConvocateError, errors } from "../../protocol/errors.ts";
import type { SubsystemSession } from "../ssh/listener.ts";
import type { Clock } from "../host/clock.ts";

/** Milliseconds a client has for its header. */
const headerWithin = 20_000;

const bad = (why: string) => new ConvocateError("attach_failed", `bad attach header: ${why}`);

export function parseHeader(line: string): AttachHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw bad("not JSON");
  }
  const parsed = attachHeader.safeParse(value);
  if (parsed.success && parsed.data.id !== "") return parsed.data;
  const [issue] = parsed.error?.issues ?? [];
  if (!issue || issue.path[0] === "id") throw errors.attachNoId();
  throw bad(`${issue.path.join(".")}: ${issue.message}`);
}

/** Reads the header line; what came together with it is input and is put back into the channel, paused. */
export function readHeader(channel: SubsystemSession["channel"], clock: Clock): Promise<AttachHeader> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const finish = (settle: () => void) => {
      cancel();
      channel.off("data", onData).off("end", onClose).off("close", onClose);
      channel.pause();
      settle();
    };
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf("\n");
      if (end < 0 && seen.length <= maxHeader) return;
      finish(() => {
        if (end < 0 || end > maxHeader) return reject(bad(`over ${String(maxHeader)} bytes`));
        const rest = seen.subarray(end + 1);
        if (rest.length > 0) channel.unshift(rest);
        try {
          resolve(parseHeader(seen.toString("utf8", 0, end)));
        } catch (error) {
          reject(error instanceof Error ? error : bad("not readable"));
        }
      });
    };
    const onClose = () => finish(() => reject(bad("the client left")));
    const cancel = clock.after(headerWithin, () => finish(() => reject(bad("none came"))));
    channel.on("data", onData).once("end", onClose).once("close", onClose);
  });
}
