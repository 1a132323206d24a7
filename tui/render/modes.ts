import { clean } from "./clean.ts";
import { clip } from "./width.ts";

/** Whatever a program in a session may have switched on: mouse, paste, focus, keypad, margins, character set, style. */
export const resetModes =
  "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2026l" +
  "\x1b[>4;0m\x1b[?1l\x1b>\x1b[?6l\x1b[?7h\x1b[r\x1b(B\x0f\x1b[0 q\x1b[0m\x1b[?25h";

/** The list's own modes: alternate screen, no wrapping (a line too wide must not spill), pastes marked. */
export const enterList = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?25l";

/** A clean screen for a session. The window title is kept for when we are back. */
export const enterSession = `${resetModes}\x1b[22;0t\x1b[2J\x1b[H`;
/** First the alternate screen: a session's tmux has left it, and resetting margins there would move the cursor kept for the prompt. */
export const leaveSession = `\x1b[?1049h\x1b[23;0t${resetModes}`;

/** The terminal as it was found. */
export const leaveTerminal = `${resetModes}\x1b[?1049l`;

/** One line at the bottom of a session's screen; the cursor stays where it is. */
export function noticeLine(text: string, { cols, rows }: { cols: number; rows: number }): string {
  const line = clip(clean(`[convocate] ${text}`), cols);
  return `\x1b7\x1b[${String(rows)};1H\x1b[0;7m\x1b[2K${line}\x1b[0m\x1b8`;
}
