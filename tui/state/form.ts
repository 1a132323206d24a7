import { ConvocateError, errors } from "../../protocol/errors.ts";
import type { Params } from "../../protocol/rpc.ts";
import type { Row } from "./rows.ts";
import type { Effect } from "./state.ts";
import { edit, insert, isCharacter, onOneLine, textField, textOf, type TextField } from "./text-field.ts";

export type FieldName = "name" | "protocol" | "port" | "dns_name" | "command" | "repo" | "branch";

/** What a form is for, and about which session. */
export type Purpose = { kind: "create" } | { kind: "edit" | "clone" | "adopt"; row: Row };

const fields: Record<Purpose["kind"], readonly FieldName[]> = {
  create: ["name", "protocol", "port", "dns_name", "command", "repo", "branch"],
  edit: ["name", "protocol", "port", "dns_name"],
  clone: ["name"],
  adopt: ["name", "protocol", "port", "dns_name"],
};

/** The fields of a form from top to bottom. */
export const fieldsOf = ({ purpose }: Pick<Form, "purpose">): readonly FieldName[] => fields[purpose.kind];

export interface Form {
  agentId: string;
  purpose: Purpose;
  focus: FieldName;
  protocol: "tcp" | "udp";
  texts: Record<Exclude<FieldName, "protocol">, TextField>;
  /** What was wrong with the last try; what was typed is kept. */
  error: string | null;
  /** Sent, not answered. */
  busy: boolean;
}

/** The form of a new session. */
export const newForm = (agentId: string): Form => ({
  agentId,
  purpose: { kind: "create" },
  focus: "name",
  protocol: "tcp",
  texts: {
    name: textField(),
    port: textField(),
    dns_name: textField(),
    command: textField(),
    repo: textField(),
    branch: textField(),
  },
  error: null,
  busy: false,
});

/** The form of a copy: a name, everything else comes from the session. */
export const cloneForm = (row: Row): Form => ({
  ...newForm(row.session.agent_id),
  purpose: { kind: "clone", row },
});

/** The form of a session as it is. */
export const editForm = (row: Row): Form => formOf(row.session.agent_id, { kind: "edit", row });

/** The form of an orphan, as what it is to be on an agent. */
export const adoptForm = (agentId: string, row: Row): Form => formOf(agentId, { kind: "adopt", row });

function formOf(agentId: string, purpose: Exclude<Purpose, { kind: "create" }>): Form {
  const { name, port, protocol, dns_name } = purpose.row.session;
  const form = newForm(agentId);
  return {
    ...form,
    purpose,
    protocol: protocol === "udp" ? "udp" : "tcp",
    texts: {
      ...form.texts,
      name: textField(name),
      port: textField(port ? String(port) : ""),
      dns_name: textField(dns_name),
    },
  };
}

/** Blank is none (0), `0` or `auto` the first free one (-1 on the wire). Throws `port_invalid`. */
export function parsePort(text: string): number {
  const typed = text.trim().toLowerCase();
  if (typed === "") return 0;
  if (typed === "auto" || typed === "0") return -1;
  const port = Number(typed);
  if (!/^\d+$/.test(typed) || port > 65_535) {
    throw new ConvocateError(
      "port_invalid",
      `port ${JSON.stringify(text.trim())} is not 1 to 65535; blank is none, auto is the first free one`,
    );
  }
  return port;
}

/** What the form asks for. Throws `name_invalid` or `port_invalid`; the agent checks everything else. */
export function formEffect(form: Form): Effect {
  const { purpose, agentId } = form;
  const name = typed(form, "name");
  if (name === "") throw errors.emptyName();
  if (purpose.kind === "clone") {
    return { type: "clone", agentId, params: { source_id: purpose.row.session.uuid, name } };
  }
  const port = parsePort(textOf(form.texts.port));
  const addressing = { name, port, protocol: form.protocol, dns_name: typed(form, "dns_name") };
  if (purpose.kind === "edit") {
    return { type: "edit", row: purpose.row, params: { id: purpose.row.session.uuid, ...addressing } };
  }
  if (purpose.kind === "create") return { type: "create", agentId, params: { ...addressing, ...seed(form) } };
  const { orphan } = purpose.row;
  if (!orphan) throw errors.noSession(purpose.row.session.uuid);
  return { type: "adopt", agentId, orphan, addressing };
}

/** A v2 agent does not know these fields: it gets none unless something was typed. */
function seed(form: Form): Pick<Params<"create">, "command" | "repo" | "branch"> {
  const command = typed(form, "command");
  const repo = typed(form, "repo");
  const branch = typed(form, "branch");
  return { ...(command && { command }), ...(repo && { repo }), ...(branch && { branch }) };
}

const typed = ({ texts }: Form, field: keyof Form["texts"]): string => textOf(texts[field]).trim();

/** The form after a key that moves or edits; Enter and Esc are not its business. */
export function formKey(form: Form, key: string): Form {
  if (form.busy) return form;
  const step = { TAB: 1, DOWN: 1, SHIFT_TAB: -1, UP: -1 }[key];
  if (step !== undefined) {
    const names = fieldsOf(form);
    const at = names.indexOf(form.focus) + step + names.length;
    return { ...form, focus: names[at % names.length] ?? "name" };
  }
  if (form.focus === "protocol") return { ...form, protocol: toggled(form.protocol, key) };
  const field = form.texts[form.focus];
  const changed = edit(field, key) ?? (isCharacter(key) ? insert(field, key) : field);
  return { ...form, texts: { ...form.texts, [form.focus]: changed } };
}

/** The form after a paste. */
export function formPaste(form: Form, text: string): Form {
  if (form.busy || form.focus === "protocol") return form;
  const field = insert(form.texts[form.focus], onOneLine(text));
  return { ...form, texts: { ...form.texts, [form.focus]: field } };
}

function toggled(protocol: "tcp" | "udp", key: string): "tcp" | "udp" {
  if (key === "t" || key === "T") return "tcp";
  if (key === "u" || key === "U") return "udp";
  if (key === " " || key === "LEFT" || key === "RIGHT") return protocol === "tcp" ? "udp" : "tcp";
  return protocol;
}
