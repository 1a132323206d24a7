/** How long it took until what was waited for was printed, and how many bytes came meanwhile. */
export interface Timed {
  ms: number;
  bytes: number;
}

export interface Order {
  text: string;
  /** Texts that all have to be printed; none of them longer than 4,096 characters. */
  until: string[];
  /** The same again, so many times, one after the other; default 1. */
  count?: number;
}

/** An operator's terminal on a session, however it gets there: both kinds are measured in the same way. */
export interface Terminal {
  /** What it took from the first step until the session's whole screen was there. */
  opened: Timed;
  /** Types, and times every answer. */
  type(order: Order): Promise<Timed[]>;
  close(): Promise<void>;
}

export const screenSize = { cols: 120, rows: 40 };

/** A key that no control sequence of a terminal contains. */
export const key = "~";

/** How the shell's prompt ends, and nothing else that is typed: what is typed before it is back may be lost. */
export const prompt = "$ ";

/** Leaves a full screen whose last line and status line are told by `fullScreen`. Typed without the words themselves. */
export const fillScreen = { text: "clear; seq 1 60; echo READY_$((40+2))\r", until: ["READY_42", prompt] };
export const fullScreen = ["READY_42", "[convoc"];
