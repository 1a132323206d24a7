import { ScriptFailed } from "../ssh/connect.ts";
import type { Host } from "./move.ts";
import { Refusal } from "./plan.ts";
import { refusedStatus, startAction } from "./remote.ts";

/** Milliseconds between two signs of life; session.sh lets go after six of them did not come. */
const beat = 10_000;

/** Keeps every other operation off a session on a host, from here, for as long as this process and the way there live. */
export interface Hold {
  /** By which the host knows that it is this one. */
  holder: string;
  /** Resolves when the host has let go, or is out of reach. */
  end(): Promise<void>;
}

/** Rejects with a Refusal when somebody else has the session. */
export async function hold(uuid: string, { name, client }: Host): Promise<Hold> {
  const { channel, ended } = await startAction(client, "hold", { uuid });
  const begun = new Promise<string>((resolve) =>
    channel.once("data", (said: Buffer) => resolve(said.toString().trim())),
  );
  const lost = ended.then((words) => Promise.reject(new Error(`${name}: ${words || "the hold ended"}`)));
  const holder = await Promise.race([begun, lost]).catch((error: unknown) => {
    if (!(error instanceof ScriptFailed) || error.status !== refusedStatus) throw error;
    throw new Refusal(
      "refused",
      `${name}: ${error.message}`,
      "Wait until it is over; what a crash left is lifted with `convocate override`.",
    );
  });
  lost.catch(() => undefined); // what follows is refused then by the host itself
  channel.resume();
  const beats = setInterval(() => channel.writable && channel.write("\n"), beat);
  return {
    holder,
    end: async () => {
      clearInterval(beats);
      channel.end();
      await ended.catch(() => undefined);
    },
  };
}
