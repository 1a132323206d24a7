import { readFileSync } from "node:fs";
import { CliError } from "./cli-error.ts";

/** The text of a host's private key file. */
export function readPrivateKey(host: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(
      "usage",
      `host ${host}: private key file: got ${file}: ${String(error)}`,
      "Name a file that can be read, or leave it out for the ssh-agent's keys.",
    );
  }
}
