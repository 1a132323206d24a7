import { ConvocateError, errors } from "../../protocol/errors.ts";
import type { Params } from "../../protocol/rpc.ts";
import { edit, insert, textField, textOf, type TextField } from "./text-field.ts";

export const fieldNames = ["name", "protocol", "port", "dns_name", "command"] as const;
export type FieldName = (typeof fieldNames)[number];

/** The form of a new session. */
export interface Form {
  agentId: string;
  focus: FieldName;
  protocol: "tcp" | "udp";
  texts: Record<Exclude<FieldName, "protocol">, TextField>;
  /** What was wrong with the last try; what was typed is kept. */
  error: string | null;
  /** Sent, not answered. */
  busy: boolean;
}

export const newForm = (agentId: string): Form => ({
  agentId,
  focus: "name",
  protocol: "tcp",
  texts: { name: textField(), port: textField(), dns_name: textField(), command: textField() },
  error: null,
  busy: false,
});

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
export function createParams({ texts, protocol }: Form): Params<"create"> {
  const name = textOf(texts.name).trim();
  if (name === "") throw errors.emptyName();
  const command = textOf(texts.command).trim();
  return {
    name,
    port: parsePort(textOf(texts.port)),
    protocol,
    dns_name: textOf(texts.dns_name).trim(),
    // A v2 agent does not know the field: it gets none unless something was typed.
    ...(command !== "" && { command }),
  };
}

/** The form after a key that moves or edits; Enter and Esc are not its business. */
export function formKey(form: Form, key: string): Form {
  if (form.busy) return form;
  const step = { TAB: 1, DOWN: 1, SHIFT_TAB: -1, UP: -1 }[key];
  if (step !== undefined) {
    const at = fieldNames.indexOf(form.focus) + step + fieldNames.length;
    return { ...form, focus: fieldNames[at % fieldNames.length] ?? "name" };
  }
  if (form.focus === "protocol") return { ...form, protocol: toggled(form.protocol, key) };
  const field = form.texts[form.focus];
  const changed = edit(field, key) ?? (isCharacter(key) ? insert(field, key) : field);
  return { ...form, texts: { ...form.texts, [form.focus]: changed } };
}

/** The form after a paste: line breaks would be keys otherwise. */
export function formPaste(form: Form, text: string): Form {
  if (form.busy || form.focus === "protocol") return form;
  const line = text.replace(/[\r\n\t]+/g, " ");
  return { ...form, texts: { ...form.texts, [form.focus]: insert(form.texts[form.focus], line) } };
}

function toggled(protocol: "tcp" | "udp", key: string): "tcp" | "udp" {
  if (key === "t" || key === "T") return "tcp";
  if (key === "u" || key === "U") return "udp";
  if (key === " " || key === "LEFT" || key === "RIGHT") return protocol === "tcp" ? "udp" : "tcp";
  return protocol;
}

/** Names of special keys are longer than any one character people see. */
const isCharacter = (key: string): boolean => !/^[A-Z][A-Z0-9_]+$/.test(key);
