import type { AuthContext, Connection as Ssh } from "ssh2";
import { fingerprint, type Principal } from "../../protocol/keys.ts";
import type { AuthorizedKeys } from "./authorized-keys.ts";
import type { Connection } from "./connection.ts";
import type { Penalties } from "./penalties.ts";
import { signedBy } from "./signature.ts";

/** For every refusal allowed, this many requests of any kind: nobody asks for the same key for ever. */
const requestsPerTry = 4;

export interface Door {
  authorizedKeys: AuthorizedKeys;
  admits: (principal: Principal) => boolean;
  /** Refusals until the connection is ended. */
  tries: number;
  penalties: Penalties;
}

/**
 * publickey with ed25519 only, signature checked by us: ssh2 never checks one. Unknown, revoked and other keys get the
 * same answer; an unsigned question about a listed key is answered with "sign it", as RFC 4252 §7 has it.
 */
export function guardAuthentication(ssh: Ssh, connection: Connection, door: Door): void {
  const requestsMax = door.tries * requestsPerTry;
  let failures = 0;
  let requests = 0;
  ssh.on("authentication", (ctx) => {
    requests += 1;
    const verdict = judge(ctx, door);
    if (typeof verdict !== "string" && requests <= requestsMax) {
      if (verdict.signed) {
        connection.principal = verdict.principal;
        connection.blob = verdict.blob;
        door.penalties.succeeded(connection.address);
      }
      ctx.accept();
      return;
    }
    ctx.reject(["publickey"]);
    // Clients begin with `none` to learn what there is; sshd does not count that one either.
    if (ctx.method === "none" && requests === 1) return;
    connection.refuse(typeof verdict === "string" ? verdict : "too many questions");
    door.penalties.failed(connection.address);
    failures += 1;
    if (failures >= door.tries || requests > requestsMax) connection.end("too many authentication failures");
  });
}

interface Listed {
  principal: Principal;
  blob: Buffer;
  signed: boolean;
}

/** Who asks, or why not: the reason is for the log, the other side gets none. */
function judge(ctx: AuthContext, door: Door): Listed | string {
  if (ctx.method !== "publickey") return `authentication method ${ctx.method}`;
  const { key, signature, blob } = ctx;
  const shown = `key ${fingerprint(key.data)}`;
  // The algorithm is what the client declares; a listed blob under another algorithm's name is an attack.
  const principal = door.authorizedKeys.find(key.data);
  if (key.algo !== "ssh-ed25519") return `${shown}: ${printable(key.algo)}, only ssh-ed25519 is accepted`;
  if (!principal) return `${shown}: not in the authorized keys`;
  const who = `${principal.kind}=${principal.name}`;
  if (!door.admits(principal)) return `${shown}: ${who} is not admitted here`;
  if (signature === undefined || blob === undefined)
    return { principal, blob: Buffer.from(key.data), signed: false };
  if (!signedBy(key.data, blob, signature)) return `${shown}: wrong signature for ${who}`;
  return { principal, blob: Buffer.from(key.data), signed: true };
}

const printable = (text: string) => JSON.stringify(text.slice(0, 64));
