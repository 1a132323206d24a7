import type { Duplex } from "node:stream";
import type { ServerChannel } from "ssh2";
import { encodeLine } from "../../protocol/codec.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { ops, type DecodedParams } from "../../protocol/rpc.ts";
import type { Session } from "../../protocol/session.ts";
import { failure, tellable } from "./answer.ts";
import type { Context } from "./context.ts";
import { admitImport } from "./operations/import.ts";
import { countTree } from "./tree-count.ts";
import { unpack } from "./unpack.ts";

/**
 * `import`, after its first answer: the channel brings the home of an orphan, is answered once more and ended. When anything
 * fails nothing is left here.
 */
export async function serveImport(context: Context, channel: ServerChannel, asked: unknown): Promise<void> {
  const { log, work } = context;
  // What comes waits until somebody takes it.
  channel.pause();
  try {
    const params = ops.import.params.parse(asked);
    const session = await work.run(() => receive(context, channel, params));
    log.info(
      { session: session.uuid, name: session.name, bytes: params.bytes },
      "an orphan became a session",
    );
    if (channel.writable) channel.write(encodeLine({ ok: true, result: session }));
  } catch (error) {
    const told = tellable(error, context, "import");
    log.warn({ err: told }, "an orphan did not become a session");
    if (channel.writable) channel.write(encodeLine(failure(told)));
  }
  if (channel.writable) {
    channel.exit(0);
    channel.end();
  }
  channel.resume();
}

/** Held, unpacked beside the homes, counted, and only then made a session: by the same markers as any other. */
function receive(context: Context, channel: Duplex, params: DecodedParams<"import">): Promise<Session> {
  const { registry, homes, store, locks, admission, clock } = context;
  const { id, files } = params;
  return locks.hold(id, async () => {
    // Again: somebody may have come between the answer and the lock.
    const admitted = await admitImport(context, params);
    return registry.reserving(admitted, () =>
      homes.receiving(id, async (home) => {
        const maxBytes = await admission.room();
        const imported_sha256 = await unpack(channel, home, { maxBytes, clock });
        const there = await countTree(home);
        if (there !== files)
          throw new ConvocateError(
            "copy_failed",
            `${String(there)} files arrived of ${String(files)}: did somebody change it meanwhile?`,
          );
        const session = { ...admitted, imported_sha256 };
        await store.make(session, () => homes.place(session, home));
        return registry.add(session);
      }),
    );
  });
}
