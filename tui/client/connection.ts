import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type ClientChannel } from "ssh2";
import { connectError, pinnedOptions, usesStrictKex } from "../../protocol/client-options.ts";
import { ConvocateError } from "../../protocol/errors.ts";
import { fault } from "./fault.ts";
import type { Registration } from "./registry.ts";

/** One authenticated connection to an agent. */
export interface Connection {
  /** Opens a subsystem. Read from the channel at once. Rejects `unreachable`. */
  open(subsystem: string): Promise<ClientChannel>;
  /** Tells the agent the size of the terminal behind `channel`. */
  resize(channel: ClientChannel, size: { cols: number; rows: number }): void;
  /** Calls once when the connection is gone, whoever ended it. Returns what stops listening. */
  onClose(listener: (reason: ConvocateError) => void): () => void;
  close(): void;
}

/** Milliseconds for TCP, key exchange and authentication together. */
const readyTimeout = 10_000;

/** Dials once over what `open` opens; `signal` hangs up at any time. Rejects `unreachable`, `auth_refused`, `host_key_changed` or `host_key_unpinned`. */
export function connect(
  agent: Registration,
  open: (agent: Registration) => Duplex,
  signal: AbortSignal,
): Promise<Connection> {
  const target = { host: agent.address, port: agent.port };
  const where = `agent ${agent.name} at ${target.host}:${String(target.port)}`;
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const closed = new Set<(reason: ConvocateError) => void>();
    let reason: ConvocateError | null = null;
    let gone = false;
    const lost = () => reason ?? new ConvocateError("unreachable", `${where}: the connection was lost`);
    // A socket of our own: ssh2's `destroy()` does nothing after its `end()`, and a dead host would keep it for ever.
    const socket = open(agent);
    const hangUp = () => {
      client.end();
      if (socket instanceof Socket && !socket.connecting) socket.destroySoon();
      else socket.destroy();
    };
    signal.addEventListener("abort", hangUp, { once: true });

    client.on("handshake", () => {
      if (usesStrictKex(client)) return;
      reason ??= new ConvocateError("unreachable", `${where} has no strict key exchange: refused`);
      hangUp();
    });
    // Several errors may precede one close; the first one tells why.
    client.on("error", (error) => (reason ??= connectError(target, error)));
    client.once("close", () => {
      gone = true;
      signal.removeEventListener("abort", hangUp);
      reject(lost());
      for (const listener of closed) listener(lost());
    });
    client.once("ready", () => {
      resolve({
        open: (subsystem) => openSubsystem(client, subsystem, () => (gone ? lost() : null)),
        resize: (channel, size) => sendWindowChange(client, channel, size),
        onClose: (listener) => {
          if (gone) listener(lost());
          else closed.add(listener);
          return () => closed.delete(listener);
        },
        close: hangUp,
      });
    });
    try {
      const { hostKey, credentials } = agent;
      const onMismatch = (error: ConvocateError) => (reason ??= error);
      client.connect({
        ...pinnedOptions({ ...target, hostKey, credentials, onMismatch }),
        sock: socket,
        readyTimeout,
      });
    } catch (error) {
      socket.destroy();
      reject(fault(error, "internal", `cannot dial ${where}`));
    }
  });
}

function openSubsystem(
  client: ssh2.Client,
  subsystem: string,
  gone: () => ConvocateError | null,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const refused = (error: unknown) =>
      reject(gone() ?? fault(error, "unreachable", `the agent does not open ${subsystem}`));
    try {
      client.subsys(subsystem, (error, channel) => {
        if (error) return refused(error);
        channel.on("error", () => {});
        resolve(channel);
      });
    } catch (error) {
      // ssh2 throws "Not connected" when the socket is already gone.
      refused(error);
    }
  });
}

/**
 * RFC 4254 §6.7 on a subsystem: ssh2's public `setWindow()` silently does nothing there, so its protocol object is
 * used directly. Missing internals mean a size that is not forwarded, never a crash.
 */
function sendWindowChange(
  client: ssh2.Client,
  channel: ClientChannel,
  size: { cols: number; rows: number },
): void {
  const protocol: unknown = Reflect.get(client, "_protocol");
  const outgoing: unknown = Reflect.get(channel, "outgoing");
  if (typeof protocol !== "object" || protocol === null) return;
  if (typeof outgoing !== "object" || outgoing === null || Reflect.get(outgoing, "state") !== "open") return;
  const windowChange: unknown = Reflect.get(protocol, "windowChange");
  if (typeof windowChange !== "function") return;
  Reflect.apply(windowChange, protocol, [Reflect.get(outgoing, "id"), size.rows, size.cols, 0, 0]);
}
