import type { Tmux } from "../screens/tmux.fake.ts";

/** What is done to the list for a picture; Esc leaves it. */
export interface Scene {
  file: string;
  title: string;
  play: (terminal: Tmux) => Promise<void>;
  /** What stands in the footer then, the last line to be drawn, or what comes after it. */
  until: string | RegExp;
}

/** The pictures of docs/guides/operator.md, in the order they are taken. */
export const scenes: Scene[] = [
  {
    file: "list",
    title: "The list: sessions of three agents, one of them out of reach",
    play: (terminal) => terminal.shows(/importer +agent-c .*unreachable 4m/),
    until: "Q quit",
  },
  {
    file: "agents",
    title: "N: which agent, with what is free on each",
    async play(terminal) {
      await terminal.press("n");
      await terminal.shows("-- New session: on which agent?");
    },
    until: "Enter choose",
  },
  {
    file: "new",
    title: "The form of a new session",
    async play(terminal) {
      await terminal.press("n");
      await terminal.shows("-- New session: on which agent?");
      await terminal.press("2");
      await terminal.shows("-- New session on agent-b");
      await terminal.type("search");
      await terminal.press("Tab", "Tab");
      await terminal.type("auto");
      await terminal.press("Tab");
      await terminal.type("search");
      await terminal.press("Tab", "Tab");
      await terminal.type("https://git.example/search.git");
      await terminal.shows("search.git");
    },
    until: "Enter create",
  },
  {
    file: "adopt",
    title: "A on an orphan: what it is to be on the agent",
    async play(terminal) {
      await terminal.press("End");
      await terminal.shows(/> +O thesis/);
      await terminal.press("a");
      await terminal.shows("-- Adopt thesis: on which agent?");
      await terminal.press("2");
      await terminal.shows("-- Adopt thesis on agent-b");
    },
    until: "Enter adopt",
  },
  {
    file: "filter",
    title: "/: the list narrowed by words",
    async play(terminal) {
      await terminal.press("/");
      await terminal.shows("-- Filter");
      await terminal.type("agent-a R");
      await terminal.shows("Filter: 3 of 10");
    },
    until: "Enter keep the filter",
  },
  {
    file: "settings",
    title: "S: versions, agents and their capacity",
    async play(terminal) {
      await terminal.press("s");
      await terminal.shows("-- Settings");
    },
    until: "any key close",
  },
  {
    file: "help",
    title: "?: every key",
    async play(terminal) {
      await terminal.press("?");
      await terminal.shows("-- Keys");
    },
    until: "any key close",
  },
  {
    file: "restart",
    title: "E on a session that runs: kill and restart is offered, naming who would be detached",
    async play(terminal) {
      await terminal.press("Home");
      await terminal.shows(/>1 C billing-api/);
      await terminal.press("e");
      await terminal.shows("-- Edit billing-api");
      await terminal.press("Tab", "Tab", "BSpace");
      await terminal.type("1");
      await terminal.press("Enter");
      await terminal.shows("-- Kill and restart billing-api");
    },
    until: /Y yes +N no/,
  },
];
