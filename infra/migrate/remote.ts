import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Client, ClientChannel } from "ssh2";
import { ScriptFailed } from "../ssh/connect.ts";
import { quote } from "../steps/script.ts";

const source = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");

/** Statuses by which session.sh says that it did not want, not that it could not. */
export const refusedStatus = 3;

/** A script that runs on a host. */
export interface Started {
  /** Its standard input and output. */
  channel: ClientChannel;
  /** What it said on standard error, when it ended well. Rejects with ScriptFailed, or when the connection is lost. */
  ended: Promise<string>;
}

function start(client: Client, title: string, command: string): Promise<Started> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const said = text(channel.stderr);
      let status: number | null = null;
      channel.on("exit", (code: number | null) => (status = code));
      const ended = new Promise<string>((end, fail) => {
        channel.on("close", () => {
          void said.then((words) => {
            if (status === 0) return end(words.trim());
            if (status === null) return fail(new Error(`${title}: the connection was lost`));
            fail(new ScriptFailed(title, status, words));
          }, fail);
        });
      });
      // Looked at by whoever started it, in time of their own.
      ended.catch(() => undefined);
      resolve({ channel, ended });
    });
  });
}

/** An action of session.sh as a script, with its inputs as variables. */
export function actionScript(action: string, inputs: Record<string, string>): string {
  const variables = Object.entries({ tally: source("tally.ts"), ...inputs }).map(
    ([name, value]) => `${name}=${quote(value)}\n`,
  );
  return `${variables.join("")}${source("session.sh")}\n${action}`;
}

/** Starts an action of session.sh as root. */
export function startAction(
  client: Client,
  action: string,
  inputs: Record<string, string>,
): Promise<Started> {
  return start(client, action, `sudo -n bash --norc -c ${quote(actionScript(action, inputs))}`);
}

/** Runs an action that reads nothing; resolves with its output. */
export async function runAction(
  client: Client,
  action: string,
  inputs: Record<string, string>,
): Promise<string> {
  const { channel, ended } = await startAction(client, action, inputs);
  channel.end();
  const [output] = await Promise.all([text(channel), ended]);
  return output.trim();
}

/** What facts.ts prints on a host. */
export async function readFacts(client: Client, uuid: string): Promise<unknown> {
  const node = "/usr/local/lib/convocate/current/runtime/bin/node";
  const flags = "--disable-warning=ExperimentalWarning --input-type=module-typescript";
  const { channel, ended } = await start(client, "looking", `sudo -n ${node} ${flags} - ${quote(uuid)}`);
  channel.end(source("facts.ts"));
  const [output] = await Promise.all([text(channel), ended]);
  return JSON.parse(output);
}
