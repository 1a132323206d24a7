import { ask } from "./ask.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { fetchHostKey, fingerprintOf, readFingerprint, type Endpoint } from "./host-key.ts";

/** What is to be trusted, and what the operator said about it. */
export interface TrustWish {
  host: string;
  endpoint: Endpoint;
  /** The key in the stack file; null: none yet. */
  known: string | null;
  /** `--fingerprint`. */
  fingerprint: string | undefined;
  /** `--host-key`, a whole key line: the host is not asked. */
  hostKey: string | undefined;
  /** `--replace`: another key than the known one may take its place. */
  replace: boolean;
  /** Where the known one is kept, if that is not the stack file, and the verb that replaces it. */
  kept?: { file: string; verb: string };
}

const changed = ({ host, kept }: TrustWish, known: string, shown: string) =>
  new CliError(
    "refused",
    `${host} shows another host key than the one in ${kept?.file ?? "the stack file"}; nothing was changed\n  known: ${fingerprintOf(known)}\n  shown: ${shown}`,
    `Somebody may be in between. If the machine was set up anew, compare on its console and run \`convocate-host ${kept?.verb ?? `trust ${host}`} --replace\`.`,
  );

async function consent(context: Context, { host, endpoint }: TrustWish, print: string): Promise<void> {
  const question = `${host} (${endpoint.address}, port ${String(endpoint.port)}) shows this ed25519 host key:
  ${print}
On the host's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
Is it the same? Type yes, or paste the fingerprint: `;
  const answer = (await ask(context, question))?.trim() ?? null;
  if (answer === null) {
    throw new CliError(
      "refused",
      `${host} shows the host key ${print}, and there is no terminal to ask on; nothing was changed`,
      `Compare it on the host's console, then add --fingerprint ${print}.`,
    );
  }
  if (answer === "yes" || answer === print) return;
  throw new CliError(
    "refused",
    `the host key of ${host} was not accepted; nothing was changed`,
    "Compare it with the one on the host's console.",
  );
}

/**
 * The host key to write into the stack file. It is the known one, or one that the operator confirmed: on the command line,
 * or on the terminal. Never one that was only shown.
 */
export async function trustedKey(context: Context, wish: TrustWish): Promise<string> {
  const { host, known, replace } = wish;
  const wanted = wish.fingerprint === undefined ? null : readFingerprint(wish.fingerprint);
  const key = wish.hostKey?.trim().split(/\s+/).slice(0, 2).join(" ") ?? (await fetchHostKey(wish.endpoint));
  const print = fingerprintOf(key);
  if (wanted !== null && print !== wanted) {
    throw new CliError(
      "refused",
      `${host} shows another host key than the one expected; nothing was changed\n  expected: ${wanted}\n  shown:    ${print}`,
      "Compare with the host's console: somebody may be in between, or the address is another machine's.",
    );
  }
  if (known !== null && isKey(known)) {
    if (fingerprintOf(known) === print) return known;
    if (!replace) throw changed(wish, known, print);
  }
  if (wanted === null && wish.hostKey === undefined) await consent(context, wish, print);
  return key;
}

/** What is no key at all in a stack file may be replaced without a word. */
const isKey = (line: string): boolean => /^ssh-ed25519 [A-Za-z0-9+/=]{68}/.test(line);
