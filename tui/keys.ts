/** When a key of the list does something. */
export type When = "always" | "session" | "running" | "stopped";

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
  | "kill"
  | "delete"
  | "restart"
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
    does: "attach; starts a stopped session",
    footer: "attach",
    when: "session",
  },
  {
    command: "attach-nth",
    names: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    label: "1-9",
    does: "attach to the row with that number",
    when: "session",
  },
  { command: "new", names: ["n"], label: "N", does: "new session", footer: "new", when: "always" },
  {
    command: "kill",
    names: ["k"],
    label: "K",
    does: "kill the container, keep the session",
    footer: "kill",
    when: "running",
  },
  {
    command: "delete",
    names: ["d"],
    label: "D",
    does: "delete the session and its home",
    footer: "delete",
    when: "session",
  },
  {
    command: "restart",
    names: ["r"],
    label: "R",
    does: "start the container, detached",
    footer: "restart",
    when: "stopped",
  },
  { command: "help", names: ["?"], label: "?", does: "this help", footer: "help", when: "always" },
  {
    command: "quit",
    names: ["q", "ESCAPE", "CTRL_C"],
    label: "Q",
    does: "quit; sessions keep running (Esc too)",
    footer: "quit",
    when: "always",
  },
];

/** The key of the list behind a name from the keyboard; letters in either case. */
export function findKey(name: string): Key | undefined {
  const wanted = name.length === 1 ? name.toLowerCase() : name;
  return keys.find((key) => key.names.includes(wanted));
}
