/** When a key of the list does something. */
export type When = "always" | "row" | "session" | "running" | "connected" | "stopped" | "locked" | "orphan";

/** What a key of the list does; the reducer has one case for each. */
export type Command =
  | "up"
  | "down"
  | "page-up"
  | "page-down"
  | "first"
  | "last"
  | "attach"
  | "attach-nth"
  | "new"
  | "clone"
  | "edit"
  | "background"
  | "kill"
  | "delete"
  | "override"
  | "adopt"
  | "restart"
  | "filter"
  | "settings"
  | "suspend"
  | "help"
  | "quit";

export interface Key {
  command: Command;
  /** Names as the keyboard gives them; letters in lower case, they work in both. */
  names: string[];
  /** As people write it. */
  label: string;
  does: string;
  /** Its word in the footer; without one it is in the help only. */
  footer?: string;
  when: When;
}

/** The keys of the list. Footer, help and docs are generated from it, and the reducer listens to it. */
export const keys: Key[] = [
  { command: "up", names: ["UP"], label: "↑", does: "previous session", when: "always" },
  { command: "down", names: ["DOWN"], label: "↓", does: "next session", when: "always" },
  { command: "page-up", names: ["PAGE_UP"], label: "PgUp", does: "a page up", when: "always" },
  { command: "page-down", names: ["PAGE_DOWN"], label: "PgDn", does: "a page down", when: "always" },
  { command: "first", names: ["HOME"], label: "Home", does: "first session", when: "always" },
  { command: "last", names: ["END"], label: "End", does: "last session", when: "always" },
  {
    command: "attach",
    names: ["ENTER", "KP_ENTER"],
    label: "Enter",
    does: "attach; starts a stopped one",
    footer: "attach",
    when: "session",
  },
  {
    command: "attach-nth",
    names: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    label: "1-9",
    does: "attach to the row so numbered",
    when: "session",
  },
  { command: "new", names: ["n"], label: "N", does: "new session", footer: "new", when: "always" },
  {
    command: "clone",
    names: ["c"],
    label: "C",
    does: "copy it under another name",
    footer: "clone",
    when: "session",
  },
  {
    command: "edit",
    names: ["e"],
    label: "E",
    does: "edit name, port, DNS name",
    footer: "edit",
    when: "session",
  },
  {
    command: "background",
    names: ["b"],
    label: "B",
    does: "detach everyone from it",
    footer: "background",
    when: "connected",
  },
  {
    command: "kill",
    names: ["k"],
    label: "K",
    does: "stop its container, keep it",
    footer: "kill",
    when: "running",
  },
  {
    command: "delete",
    names: ["d"],
    label: "D",
    does: "delete it and its home",
    footer: "delete",
    when: "row",
  },
  {
    command: "override",
    names: ["o"],
    label: "O",
    does: "override a stale lock",
    footer: "override",
    when: "locked",
  },
  {
    command: "adopt",
    names: ["a"],
    label: "A",
    does: "adopt an orphan: onto an agent",
    footer: "adopt",
    when: "orphan",
  },
  {
    command: "restart",
    names: ["r"],
    label: "R",
    does: "start its container, detached",
    footer: "restart",
    when: "stopped",
  },
  { command: "filter", names: ["/"], label: "/", does: "filter the list", footer: "filter", when: "always" },
  {
    command: "settings",
    names: ["s"],
    label: "S",
    does: "versions, agents, capacity",
    footer: "settings",
    when: "always",
  },
  { command: "suspend", names: ["CTRL_Z"], label: "Ctrl-Z", does: "suspend; fg comes back", when: "always" },
  { command: "help", names: ["?"], label: "?", does: "this help", footer: "help", when: "always" },
  {
    command: "quit",
    names: ["q", "ESCAPE", "CTRL_C"],
    label: "Q",
    does: "quit, Esc too; sessions run on",
    footer: "quit",
    when: "always",
  },
];

/** The key of the list behind a name from the keyboard; letters in either case. */
export function findKey(name: string): Key | undefined {
  const wanted = name.length === 1 ? name.toLowerCase() : name;
  return keys.find((key) => key.names.includes(wanted));
}
