import { Client } from "ssh2";
import { fingerprint, parsePublicKey } from "../../protocol/keys.ts";
import { CliError } from "./cli-error.ts";

export interface Endpoint {
  address: string;
  port: number;
}

const where = ({ address, port }: Endpoint) => `${address}:${String(port)}`;

const reasons: Record<string, string> = {
  ECONNREFUSED: "refuses the connection",
  ENOTFOUND: "is no name that resolves",
  EAI_AGAIN: "is no name that resolves now",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  ETIMEDOUT: "does not answer",
};

function refusal(endpoint: Endpoint, error: Error & { level?: string; code?: string }): CliError {
  if (error.message.includes("no matching host key format")) {
    return new CliError(
      "refused",
      `${where(endpoint)} has no ed25519 host key`,
      "Make one on it with `ssh-keygen -A`, and restart its sshd.",
    );
  }
  const reason =
    error.level === "client-timeout" ? "does not answer as an SSH server does" : reasons[error.code ?? ""];
  return new CliError(
    "unreachable",
    `${where(endpoint)} ${reason ?? `is not to be talked to by SSH: ${error.message}`}`,
    "Check that the host is on, its address, port and network, and that sshd runs.",
  );
}

/**
 * The ed25519 host key that a host shows, as `ssh-ed25519 AAAA…`. The connection ends there: no user name and no key of
 * ours is sent. ssh2 takes a verifier's answer only synchronously.
 */
export function fetchHostKey(endpoint: Endpoint, timeoutMs = 10_000): Promise<string> {
  const client = new Client();
  let shown: string | null = null;
  return new Promise<string>((resolve, reject) => {
    client.on("error", (error: Error) =>
      shown === null ? reject(refusal(endpoint, error)) : resolve(shown),
    );
    client.on("close", () => reject(refusal(endpoint, new Error("the connection was closed"))));
    client.connect({
      host: endpoint.address,
      port: endpoint.port,
      username: "nobody",
      readyTimeout: timeoutMs,
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (key: Buffer) => {
        shown = `ssh-ed25519 ${key.toString("base64")}`;
        return false;
      },
    });
  }).finally(() => client.destroy());
}

/** `SHA256:…` of a public key line. */
export function fingerprintOf(line: string): string {
  const key = parsePublicKey(line);
  if (!key)
    throw new CliError(
      "usage",
      `not a public key line: ${JSON.stringify(line)}`,
      "Give `ssh-ed25519 AAAA…`.",
    );
  return fingerprint(key.blob);
}

/** The fingerprint as people copy it: with or without its name, with or without padding. */
export function readFingerprint(text: string): string {
  const match = /^(?:SHA256:)?([A-Za-z0-9+/]{43})=?$/.exec(text.trim());
  if (!match) {
    throw new CliError(
      "usage",
      `--fingerprint: got ${JSON.stringify(text.slice(0, 80))}`,
      "Give what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the host: SHA256: and 43 characters.",
    );
  }
  return `SHA256:${match[1] ?? ""}`;
}
