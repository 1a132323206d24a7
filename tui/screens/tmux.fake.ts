import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "../client/eventually.fake.ts";

const run = promisify(execFile);

/** A terminal for tests: one tmux window of its own server, which nothing else sees. */
export class Tmux {
  /** Holds the server's socket, which tmux itself would leave behind. */
  readonly #folder = mkdtempSync(join(tmpdir(), "convocate-tmux-"));

  #tmux(...args: string[]): Promise<{ stdout: string }> {
    return run("tmux", ["-S", join(this.#folder, "socket"), "-f", "/dev/null", ...args], { timeout: 10_000 });
  }

  /** Starts `command` (a shell's line) in a terminal of this size. */
  async start(command: string, { cols, rows } = { cols: 80, rows: 24 }): Promise<void> {
    const size = ["-x", String(cols), "-y", String(rows)];
    await this.#tmux("new-session", "-d", "-s", "t", ...size, command);
    await this.#tmux("set-option", "-g", "status", "off");
    await this.resize({ cols, rows });
  }

  /** Presses keys by tmux's names: `Enter`, `Down`, `C-b`, `n`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", "-t", "t", ...keys);
  }

  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-t", "t", "-l", text);
  }

  async resize({ cols, rows }: { cols: number; rows: number }): Promise<void> {
    await this.#tmux("resize-window", "-t", "t", "-x", String(cols), "-y", String(rows));
  }

  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-t", "t")).stdout;
  }

  /** The screen with its colours, as SGR sequences, and with the blanks at the ends of its lines. */
  async colored(): Promise<string> {
    return (await this.#tmux("capture-pane", "-e", "-N", "-p", "-t", "t")).stdout;
  }

  /** What tmux knows of the terminal: `alternate_on`, `cursor_flag`, `mouse_any_flag`, `pane_pid`. */
  async flag(name: string): Promise<string> {
    return (await this.#tmux("display-message", "-p", "-t", "t", `#{${name}}`)).stdout.trim();
  }

  /** Waits until the screen shows `text`; fails with the screen. */
  async shows(text: string | RegExp, withinMs = 10_000): Promise<void> {
    await eventually(async () => {
      const screen = await this.screen();
      const found = typeof text === "string" ? screen.includes(text) : text.test(screen);
      if (!found) throw new Error(`the screen does not show ${String(text)}:\n${screen}`);
    }, withinMs);
  }

  async hides(text: string, withinMs = 10_000): Promise<void> {
    await eventually(async () => {
      const screen = await this.screen();
      if (screen.includes(text)) throw new Error(`the screen still shows ${text}:\n${screen}`);
    }, withinMs);
  }

  /** Gives the window a name, as a program in it would. */
  async name(title: string): Promise<void> {
    await this.#tmux("select-pane", "-t", "t", "-T", title);
  }

  async end(): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
    rmSync(this.#folder, { recursive: true });
  }
}
