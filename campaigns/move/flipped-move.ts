import { readFileSync } from "node:fs";
import { Transform } from "node:stream";
import type { TestFleet } from "../../lab/test-fleet.ts";
import { moveSession, type Host } from "../../infra/migrate/move.ts";
import { connect } from "../../infra/ssh/connect.ts";

/** Passes everything on, with one bit of byte `offset` the other way round. */
function flip(offset: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const at = offset - passed;
      passed += chunk.length;
      if (at >= 0 && at < chunk.length) chunk.writeUInt8(chunk.readUInt8(at) ^ 0x10, at);
      done(null, chunk);
    },
  });
}

export interface FlippedMove {
  fleet: TestFleet;
  uuid: string;
  from: string;
  to: string;
  /** Which byte of the stream is another one on its way. */
  offset: number;
  isListed: () => Promise<boolean>;
}

/** A move as `migrate-session` does it, with a byte that changes between the two connections, where SSH does not see it. */
export async function moveFlipped({ fleet, uuid, from, to, offset, isListed }: FlippedMove): Promise<void> {
  const { lab } = fleet;
  const { user, privateKeyFile } = await lab.connection();
  const privateKey = readFileSync(privateKeyFile, "utf8");
  const open = async (name: string): Promise<Host> => {
    const { address, hostKey } = await lab.host(name);
    return { name, client: await connect({ host: address, port: 22, user, hostKey, privateKey }, "") };
  };
  const [source, target] = await Promise.all([open(from), open(to)]);
  const rest = { keepSource: false, change: {}, say: () => undefined, isListed };
  await moveSession({ uuid, source, target, between: flip(offset), ...rest }).finally(() => {
    source.client.end();
    target.client.end();
  });
}
