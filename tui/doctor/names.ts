import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { messageOf, systemCode } from "../client/fault.ts";
import type { Findings } from "./check.ts";
import { fileError } from "./file-error.ts";

/** A session's name as it is published, and what the resolver said: addresses, or the code of its error. */
interface Name {
  name: string;
  address: string;
  answer: string[] | string;
}

export type NamesFacts =
  | { kind: "published"; resolver: string; names: Name[] }
  /** The hosts file cannot be read. */
  | { kind: "unpublished"; why: string };

/** Names that are asked for: enough to see whether it works. */
const asked = 8;
/** Milliseconds for one of them. */
const timeout = 2_000;

/** Nobody has it: what is asked for when no session has a name, to see whether anybody listens. */
const probe = { name: "convocate-doctor.invalid", address: "" };

/** Asks `resolver` (`address` or `address:port`) for names in the status daemon's hosts file. */
export async function readNames(file: string, resolver: string): Promise<NamesFacts> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return { kind: "unpublished", why: `${file}: ${fileError(error)}` };
  }
  const published = [...text.matchAll(/^(\S+) (\S+)/gm)].map(([, address = "", name = ""]) => ({
    name,
    address,
  }));
  const names = published.length === 0 ? [probe] : published.slice(0, asked);
  return {
    kind: "published",
    resolver,
    names: await Promise.all(names.map(async (name) => ({ ...name, answer: await ask(name, resolver) }))),
  };
}

async function ask(
  { name, address }: { name: string; address: string },
  server: string,
): Promise<Name["answer"]> {
  const resolver = new Resolver({ timeout, tries: 1 });
  try {
    resolver.setServers([server]);
    return await (isIPv6(address) ? resolver.resolve6(name) : resolver.resolve4(name));
  } catch (error) {
    const code = systemCode(error);
    return typeof code === "string" ? code : messageOf(error);
  }
}

/** Codes of a resolver that is there, and has no such name. */
const nameless = new Set(["ENOTFOUND", "ENODATA"]);

export function namesCheck(findings: Findings, facts: NamesFacts): void {
  if (facts.kind === "unpublished")
    return findings.warn(
      "dns",
      `no names are published: ${facts.why}`,
      "`systemctl status convocate-status`; `pulumi up` sets the domain.",
    );
  const { resolver, names } = facts;
  const dead = names.find(({ answer }) => typeof answer === "string" && !nameless.has(answer));
  if (dead)
    return findings.warn(
      "dns",
      `${resolver} does not answer for ${dead.name}: ${String(dead.answer)}`,
      "`systemctl status dnsmasq` on the shell host; `pulumi up` sets it up.",
    );
  const real = names.filter(({ name }) => name !== probe.name);
  const wrong = real.filter(({ answer, address }) => typeof answer === "string" || !answer.includes(address));
  const [first] = wrong;
  if (!first) {
    const count =
      real.length === 0 ? "no session has one" : `${String(real.length)} of ${String(real.length)} are right`;
    return findings.ok("dns", `${resolver} answers for sessions' names: ${count}`);
  }
  const said = typeof first.answer === "string" ? "no such name" : first.answer.join(", ");
  findings.fail(
    "dns",
    `${resolver} answers ${said} for ${first.name}, which is ${first.address} (${String(wrong.length)} of ${String(real.length)} are wrong)`,
    "dnsmasq reads /var/lib/convocate/hosts.d by itself: `journalctl -u dnsmasq`, `systemctl restart dnsmasq`.",
  );
}
