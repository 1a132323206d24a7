import { connect } from "node:net";
import { readSettings } from "../settings.ts";
import { fail, ok, warn, type Check } from "./check.ts";

const withinMs = 3_000;

/** The first line that a server says; rejects when it says none in time. */
function greeting(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: withinMs });
    socket.once("data", (data) => {
      resolve(data.toString("latin1").split("\r\n")[0] ?? "");
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("end", () => reject(new Error("it hung up")));
  });
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));

export const listening: Check = {
  name: "listening",
  async look({ address, port }) {
    const where = `tcp ${String(port)}`;
    try {
      const line = await greeting(address === "0.0.0.0" ? "127.0.0.1" : address, port);
      if (line === "SSH-2.0-convocate") return ok(where);
      return fail(
        `something else answers on ${where}: ${JSON.stringify(line.slice(0, 40))}`,
        "see `ss -ltnp`",
      );
    } catch (error) {
      return fail(`nothing answers on ${where}: ${reason(error)}`, "see `systemctl status convocate-agent`");
    }
  },
};

export const shellHost: Check = {
  name: "shell host",
  async look({ configDir, shellPort }) {
    const { shell } = await readSettings(configDir);
    if (!shell) return warn("none: events go nowhere", "run `pulumi up` for this host");
    if (shell.hostKey === null) return fail(`${shell.host} has no pin`, "run `pulumi up` for this host");
    const where = `${shell.host} tcp ${String(shellPort)}`;
    try {
      await greeting(shell.host, shellPort);
      return ok(`${where} answers`);
    } catch (error) {
      return warn(
        `${where}: ${reason(error)}`,
        "see the shell host's convocate-status and the firewalls between",
      );
    }
  },
};
