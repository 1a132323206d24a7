import { fieldsOf, type FieldName, type Form } from "../state/form.ts";
import { errorLines } from "../state/panel-height.ts";
import type { TextField } from "../state/text-field.ts";
import { clean } from "./clean.ts";
import { span, type Line } from "./line.ts";
import { width, wrap } from "./width.ts";

const labels: Record<FieldName, string> = {
  name: "Name",
  protocol: "Protocol",
  port: "Port",
  dns_name: "DNS name",
  command: "Command",
  repo: "Git repo",
  branch: "Branch",
};
const hints: Partial<Record<FieldName, string>> = {
  port: "blank: none, auto: the first free one",
  dns_name: "blank: none",
  command: "blank: the agent's default",
  repo: "blank: none; cloned at the first start",
  branch: "blank: the repository's own",
};
/** Columns in front of every value. */
const indent = 13;

/** The form's fields, then what was wrong with the last try. */
export function formLines(
  form: Form,
  cols: number,
): { body: Line[]; caret: { row: number; col: number } | null } {
  const room = Math.max(1, cols - indent - 2);
  const body = fieldsOf(form).map((name): Line => {
    const focused = name === form.focus;
    const label = `${focused ? " > " : "   "}${labels[name].padEnd(indent - 3)}`;
    return [span(label, { bold: focused }), ...value(form, name, room)];
  });
  const error = form.error === null ? [] : wrap(clean(form.error), cols - 6, errorLines);
  const said = form.busy ? ["Waiting for the agent..."] : error;
  body.push(...said.map((line): Line => [span(`   ${line}`, form.busy ? {} : { bold: true, color: "red" })]));
  return { body, caret: form.busy ? null : caretOf(form, room) };
}

function value(form: Form, name: FieldName, room: number): Line {
  if (name === "protocol") {
    const choice = (protocol: Form["protocol"]) =>
      span(` ${protocol} `, { reverse: form.protocol === protocol });
    // Brackets say it on a terminal that has no attributes at all.
    return [
      span(form.protocol === "tcp" ? "[" : " "),
      choice("tcp"),
      span(form.protocol === "tcp" ? "] " : " ["),
      choice("udp"),
      span(form.protocol === "udp" ? "]" : ""),
    ];
  }
  const field = form.texts[name];
  const hint = hints[name];
  if (field.characters.length === 0) return hint === undefined ? [] : [span(hint, { dim: true })];
  return [span(view(field, room).text)];
}

/** The part of a long value around the caret, and the caret's column in it. */
export function view({ characters, caret }: TextField, room: number): { text: string; col: number } {
  const shown = characters.map(clean);
  let from = 0;
  while (from < caret && width(shown.slice(from, caret).join("")) >= room) from += 1;
  let to = caret;
  while (to < shown.length && width(shown.slice(from, to + 1).join("")) <= room) to += 1;
  return { text: shown.slice(from, to).join(""), col: width(shown.slice(from, caret).join("")) };
}

function caretOf(form: Form, room: number): { row: number; col: number } {
  const row = fieldsOf(form).indexOf(form.focus);
  if (form.focus === "protocol") return { row, col: indent };
  return { row, col: indent + view(form.texts[form.focus], room).col };
}
