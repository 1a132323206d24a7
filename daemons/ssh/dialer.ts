import ssh2, { type ClientChannel } from "ssh2";
import { connectError, pinnedOptions, usesStrictKex } from "../../protocol/client-options.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { spreadDelay } from "../../protocol/transport.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";

/** How long a connection that we end may take to do so, in milliseconds. */
const partingMs = 1_000;

export interface DialOptions {
  host: string;
  port: number;
  username: string;
  /** OpenSSH private key text. */
  privateKey: string;
  /** Public key line; null: nothing is recorded, and nothing is dialled. */
  hostKey: string | null;
  subsystem: string;
  log: Log;
  clock: Clock;
  /** The subsystem is open. Read from the channel at once. */
  onOpen(channel: ClientChannel): void;
  /** Every time a dial fails or an open channel ends. The next dial follows by itself, except without a pin. */
  onDown(reason: ConvocateError): void;
}

/** Keeps one subsystem open: dials, and dials again 1 s to 30 s after it failed or ended. */
export function keepDialed(options: DialOptions): { close(): void } {
  const { log, clock } = options;
  let attempt = 0;
  let closed = false;
  let cancelRetry = () => {};
  let hangUp = () => {};

  function down(reason: ConvocateError): void {
    if (closed) return;
    log.warn({ host: options.host, port: options.port, code: reason.code }, reason.message);
    options.onDown(reason);
    // The recorded pin is read at start: there is nothing to try again with.
    if (reason.code === "host_key_unpinned") return;
    cancelRetry = clock.after(spreadDelay(attempt), next);
    attempt += 1;
  }
  function next(): void {
    hangUp = dial(options, {
      onOpen: (channel) => {
        attempt = 0;
        options.onOpen(channel);
      },
      onDown: down,
    });
  }
  cancelRetry = clock.after(0, next);
  return {
    close() {
      closed = true;
      cancelRetry();
      hangUp();
    },
  };
}

/** One dial: `onOpen` at most once, then `onDown` exactly once. Returns what hangs up. */
export function dial(
  options: Omit<DialOptions, "onOpen" | "onDown">,
  heard: Pick<DialOptions, "onOpen" | "onDown">,
): () => void {
  const client = new ssh2.Client();
  let reason: ConvocateError | null = null;
  const fail = (error: ConvocateError) => {
    reason ??= error;
    client.end();
    client.destroy();
  };
  const lost = () => new ConvocateError("unreachable", `${where(options)}: the connection was lost`);

  client.on("connect", () => client.setNoDelay(true));
  client.on("handshake", () => {
    if (!usesStrictKex(client))
      fail(new ConvocateError("unreachable", `${where(options)} has no strict key exchange: refused`));
  });
  client.on("error", (error) => {
    reason ??= connectError(options, error);
  });
  client.on("ready", () => {
    client.subsys(options.subsystem, (error, channel) => {
      if (error) {
        fail(
          new ConvocateError(
            "unreachable",
            `${where(options)} refuses ${options.subsystem}: ${error.message}`,
          ),
        );
        return;
      }
      channel.on("error", () => {});
      channel.once("close", () => fail(lost()));
      heard.onOpen(channel);
    });
  });
  // Several errors may precede one close.
  client.once("close", () => heard.onDown(reason ?? lost()));
  try {
    client.connect(
      pinnedOptions({
        ...options,
        credentials: { privateKey: options.privateKey },
        onMismatch: (error) => {
          reason ??= error;
        },
      }),
    );
  } catch (error) {
    heard.onDown(error instanceof ConvocateError ? error : unusable(options, error));
  }
  return () => {
    // What was just written, such as a good-bye, still goes out.
    client.end();
    options.clock.after(partingMs, () => client.destroy());
  };
}

const where = ({ host, port }: Pick<DialOptions, "host" | "port">) => `${host}:${String(port)}`;

/** ssh2 throws when it cannot read the private key; its words name no part of the key. */
function unusable(options: Pick<DialOptions, "host" | "port">, cause: unknown): ConvocateError {
  const message = `our key for ${where(options)} cannot be used; \`pulumi up\` delivers another`;
  return new ConvocateError("auth_refused", message, { cause });
}
