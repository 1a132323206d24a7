import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The scripts that run on hosts, each with the files of functions that it is made of besides its own. */
export const scriptParts = {
  install: ["apt", "ufw"],
  "init-shell": ["release", "ufw", "names", "log-service", "log-server", "v2", "v2-logs"],
  "init-agent": ["release", "ufw", "names", "published", "prune", "log-service", "log-client"],
  seal: [],
  registration: ["ufw", "log-service", "log-server"],
  adopt: ["log-service", "log-server", "v2", "v2-logs"],
} as const satisfies Record<string, readonly string[]>;
export type ScriptName = keyof typeof scriptParts;

const source = (name: string) => readFileSync(join(import.meta.dirname, `${name}.sh`), "utf8");

/** The text of a script without its inputs. */
export const scriptSource = (name: ScriptName): string =>
  ["prelude", ...scriptParts[name], name].map(source).join("\n");

/** `text` as one word of a shell, whatever it contains. */
export const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Inputs as assignments, a line each. */
export function variables(inputs: Record<string, string>): string {
  return Object.entries(inputs)
    .map(([key, value]) => {
      if (!/^[a-z][a-z0-9_]*$/.test(key)) throw new Error(`${key} is no name of a shell variable`);
      if (value.includes("\0")) throw new Error(`${key} holds a NUL byte, which no shell variable can`);
      return `${key}=${quote(value)}\n`;
    })
    .join("");
}

/**
 * What a host's `bash -s` gets on standard input: the inputs as variables, then the script. Secrets are in it and nowhere
 * else. The whole is read before anything runs, and what runs finds an empty standard input.
 */
export function scriptText(name: ScriptName, inputs: Record<string, string>): string {
  return `{\n${variables(inputs)}${scriptSource(name)}\nmain "$@" </dev/null\nexit\n}\n`;
}

/** Seconds that a script waits for an earlier one on the same host, whose engine was killed or cut off from it. */
const patience = 1500;

/** How it ends when that does not end (EX_TEMPFAIL of sysexits.h). */
export const busyStatus = 75;

/**
 * The command line that runs such a text as root, one at a time on a host. No program that a script starts has the lock. A bash whose standard input comes from an SSH connection would read
 * root's .bashrc first (bash(1), "remote shell daemon").
 */
export const runScript = (argument = "") =>
  `sudo -n flock --close -w ${String(patience)} -E ${String(busyStatus)} /run/convocate-provision.lock bash --norc -s ${argument}`.trimEnd();
