import type { Connection as Ssh } from "ssh2";
import type { Connection } from "./connection.ts";

const ofSession = { shell: "shell", exec: "exec", x11: "x11", "auth-agent": "agent forwarding" } as const;

/**
 * Everything a connection can do beside sessions, and ours do not. ssh2 refuses what nobody listens for; these listeners refuse too, and tell the
 * audit line. (env and signal are refused without a word: every OpenSSH client sends its locale.)
 */
export function refuseForwarding(ssh: Ssh, connection: Connection): void {
  ssh.on("tcpip", (_accept, reject) => {
    connection.refuse("direct-tcpip");
    reject();
  });
  ssh.on("openssh.streamlocal", (_accept, reject) => {
    connection.refuse("streamlocal");
    reject();
  });
  ssh.on("request", (_accept: unknown, reject: (() => void) | undefined, name: string) => {
    connection.refuse(name);
    reject?.();
  });
}

/** Requests on a session channel other than a subsystem. */
export function refuseRequests(
  session: { on(event: string, listener: (accept: unknown, reject?: () => void) => void): unknown },
  connection: Connection,
): void {
  for (const [event, name] of Object.entries(ofSession)) {
    session.on(event, (_accept, reject) => {
      connection.refuse(name);
      reject?.();
    });
  }
}
