import type { AuditEntry } from "../../protocol/fleet.ts";
import { tellAudit, type Access } from "../client/access.ts";
import { fault } from "../client/fault.ts";
import type { AgentLink } from "../client/link.ts";
import { adopt, removeOrphan, type Adopted, type Adopting } from "./adopt.ts";

/** Who asks, and by what way. */
export interface Asking {
  access: Access;
  operator: string | null;
}

/** Does what an operator asked for, and tells the audit log how it went. */
export async function audited<T>(
  { access, operator }: Asking,
  done: Pick<AuditEntry, "verb" | "agent_id" | "session" | "name">,
  work: () => Promise<T>,
): Promise<T> {
  // From elsewhere the shell host does it, and tells of it itself.
  const told = (result: string) =>
    "verb" in access.orphans ? Promise.resolve() : tellAudit(access, { operator, ...done, result });
  return work().then(
    (result) => told("ok").then(() => result),
    (error: unknown) =>
      told(fault(error, "internal").code).then(() => {
        throw error;
      }),
  );
}

/** As `adopt`, told to the audit log. */
export function adoptAudited(asking: Asking, link: AgentLink, adopting: Adopting): Promise<Adopted> {
  const { orphan, agentId: agent_id } = adopting;
  const done = { verb: "adopt", agent_id, session: orphan.uuid, name: orphan.name.slice(0, 256) };
  return audited(asking, done, () => adopt(asking.access.orphans, link, adopting));
}

/** As `removeOrphan`, told to the audit log; resolves with what is to be said of what could not be removed. */
export async function removeAudited(
  asking: Asking,
  { uuid, name }: { uuid: string; name: string },
): Promise<string | null> {
  const done = { verb: "delete", agent_id: "", session: uuid, name: name.slice(0, 256) };
  const left = await audited(asking, done, () => removeOrphan(asking.access.orphans, uuid));
  return left === null ? null : leftText(left);
}

/** What is to be done about what we could not remove. */
export const leftText = (left: string): string =>
  `files of root are left in ${left} on the shell host: \`sudo rm -rf\` removes them`;
