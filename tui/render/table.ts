import { stateChar } from "../../protocol/session.ts";
import { pageSize, selectedIndex } from "../state/list.ts";
import type { Row } from "../state/rows.ts";
import type { State } from "../state/state.ts";
import { age } from "./age.ts";
import { clean } from "./clean.ts";
import { fitLine, span, type Line, type Style } from "./line.ts";
import { sizeText } from "./size.ts";
import { fit } from "./width.ts";

/** Columns of the table by name; what is left over goes to name and DNS name. */
interface Columns {
  name: number;
  agent: number;
  age: number;
  port: number;
  dns: number;
  image: number;
  last: number;
}

/** Marker, number, blank, state, blank. */
const before = 5;
const separators = 6;
const fixed = { age: 4, port: 9, last: 4 };

export function columnsFor(cols: number): Columns {
  const wide = cols >= 120;
  const agent = wide ? 20 : 10;
  const image = wide ? 24 : 10;
  const left = cols - before - separators - fixed.age - fixed.port - fixed.last - agent - image;
  const dns = Math.max(4, Math.floor(left / 2));
  return { ...fixed, agent, image, dns, name: Math.max(4, left - dns) };
}

export function headerLine(cols: number): Line {
  const c = columnsFor(cols);
  const titles = [
    fit("NAME", c.name),
    fit("AGENT", c.agent),
    fit("AGE", c.age),
    fit("PORT", c.port),
    fit("DNS NAME", c.dns),
    fit("IMAGE", c.image),
    fit("USED", c.last),
  ];
  return fitLine([span(`${" ".repeat(before)}${titles.join(" ")}`, { bold: true })], cols);
}

/** The rows in view, filled up to a page. */
export function tableLines(state: State): Line[] {
  const { cols } = state.size;
  const page = pageSize(state);
  const selected = selectedIndex(state);
  const lines = state.rows
    .slice(state.top, state.top + page)
    .map((row, i) => rowLine(row, { state, number: i + 1, selected: state.top + i === selected }));
  if (state.rows.length === 0) lines.push(fitLine([span(`     ${emptyText(state)}`)], cols));
  while (lines.length < page) lines.push(fitLine([], cols));
  return lines.slice(0, page);
}

function emptyText({ loaded, fleet, all }: State): string {
  if (!loaded) return "Waiting for the fleet...";
  if (all.length > 0) return "No session fits the filter: Esc shows all.";
  return fleet.agents.size === 0
    ? "No agent host yet: `pulumi up` adds one."
    : "No session yet: N makes one.";
}

const colors: Partial<Record<Row["state"], Style["color"]>> = {
  running: "green",
  connected: "cyan",
  locked: "yellow",
  orphan: "yellow",
};

function rowLine(
  row: Row,
  { state, number, selected }: { state: State; number: number; selected: boolean },
): Line {
  const { cols } = state.size;
  const c = columnsFor(cols);
  const { session, trouble } = row;
  const style: Style = { ...(selected && { reverse: true }), ...(trouble && { dim: true }) };
  const color = trouble ? undefined : colors[row.state];
  const marker = `${selected ? ">" : " "}${number <= 9 ? String(number) : " "} `;
  const cells: Line = [
    span(marker, style),
    span(stateChar[row.state], { ...style, bold: !trouble, ...(color && { color }) }),
    span(" ", style),
    span(`${fit(clean(session.name), c.name)} `, style),
    span(`${fit(clean(row.agent), c.agent)} `, style),
    span(`${fit(age(since(row), state.now), c.age)} `, style),
    span(`${fit(portText(row), c.port)} `, style),
  ];
  if (trouble) {
    const since = trouble.since === "" ? "" : ` ${age(trouble.since, state.now)}`;
    cells.push(span(`unreachable${since}: ${clean(trouble.reason)}`, style));
  } else {
    cells.push(dnsCell(row, c.dns, style));
    cells.push(span(`${fit(imageText(row), c.image)} `, style));
    cells.push(span(fit(age(session.last_accessed, state.now), c.last), style));
  }
  return fitLine(cells, cols, style);
}

/** An orphan has been one since it was used last, as far as anybody knows. */
const since = ({ orphan, session }: Row): string =>
  orphan ? orphan.last_accessed : (session.state_since ?? session.created_at);

/** A name that another session has is marked: this session does not answer to it. */
function dnsCell({ session, nameHolder }: Row, columns: number, style: Style): Line[number] {
  const name = clean(session.dns_name ?? "");
  if (nameHolder === null) return span(`${fit(name, columns)} `, style);
  return span(`${fit(`!${name}`, columns)} `, { ...style, color: "red" });
}

function portText({ session }: Row): string {
  if (!session.port) return "-";
  return `${String(session.port)}/${clean(session.protocol || "tcp")}`;
}

/** An orphan has no image: in its place stands how much there is of it. */
const imageText = ({ orphan, session }: Row): string =>
  orphan ? sizeText(orphan.bytes) : clean(shortImage(session.image));

/** All our images are `convocate:<version>`; the version is what differs. */
const shortImage = (image = ""): string => image.replace(/^.*\//, "").replace(/^convocate:/, "");
