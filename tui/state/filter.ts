import type { Row } from "./rows.ts";

/** Rows in which every word of the filter stands somewhere, in either case. */
export function filtered(rows: Row[], filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = textOfRow(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** What a row is found by. */
function textOfRow({ session, agent, state }: Row): string {
  const { name, uuid, agent_id, port, dns_name, image, labels = {} } = session;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [name, uuid, agent, agent_id, state, port ?? "", dns_name ?? "", image ?? "", ...pairs].join("\n");
}
