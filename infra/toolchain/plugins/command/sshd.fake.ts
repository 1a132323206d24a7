import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type AddressInfo } from "node:net";
import ssh2, { type Connection, type Session } from "ssh2";

export interface KeyPair {
  privateKey: string;
  publicKey: string;
}

export function keyPair(type = "ed25519"): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), "key-"));
  try {
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "", "-f", join(folder, "key")]);
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    return { privateKey: read("key"), publicKey: read("key.pub").trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A real SSH server on a loopback address that runs every command it is asked to run, for tests. */
export class FakeSshd {
  readonly hostKey = keyPair();
  readonly userKey = keyPair();
  /** Every command line that was run, in order. */
  readonly commands: string[] = [];
  /** Variables that `AcceptEnv` would let through. */
  readonly acceptEnv = new Set<string>();
  /** Where its commands are found. */
  path = "/usr/bin:/bin";
  /** Where connections through it really go, by `address:port`; others are refused. */
  readonly ways = new Map<string, { address: string; port: number }>();
  /** Bytes of a copy after which its connection ends; null: it does not. */
  copyLimit: number | null = null;
  connections = 0;
  readonly #open = new Set<Connection>();
  readonly #server: ssh2.Server;

  constructor() {
    const allowed = ssh2.utils.parseKey(this.userKey.publicKey);
    if (allowed instanceof Error) throw allowed;
    this.#server = new ssh2.Server({ hostKeys: [this.hostKey.privateKey] }, (connection) => {
      this.connections++;
      this.#open.add(connection);
      connection.on("error", () => undefined);
      connection.on("close", () => this.#open.delete(connection));
      connection.on("authentication", (context) => {
        if (context.method !== "publickey" || !context.key.data.equals(allowed.getPublicSSH()))
          return context.reject(["publickey"]);
        if (context.signature && context.blob && allowed.verify(context.blob, context.signature) !== true)
          return context.reject();
        context.accept();
      });
      connection.on("session", (accept) => this.#serve(accept(), connection));
      connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
        const way = this.ways.get(`${destIP}:${String(destPort)}`);
        if (!way) return void reject();
        const channel = accept();
        const socket = connect(way.port, way.address);
        socket.on("error", () => channel.close());
        channel.on("error", () => socket.destroy());
        channel.pipe(socket).pipe(channel);
      });
    });
  }

  async listen(address = "127.0.0.1"): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, address, resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const connection of this.#open) connection.end();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(session: Session, connection: Connection): void {
    const env: Record<string, string> = {};
    session.on("env", (accept, reject, { key, val }) => {
      if (!this.acceptEnv.has(key)) return (reject as (() => void) | undefined)?.();
      env[key] = val;
      (accept as (() => void) | undefined)?.();
    });
    session.on("exec", (accept, _reject, { command }) => {
      if (!command.startsWith("printenv ")) this.commands.push(command);
      const channel = accept();
      // Of a group of its own: it ends with all that it started.
      const child = spawn("sh", ["-c", command], { env: { PATH: this.path, ...env }, detached: true });
      channel.pipe(child.stdin);
      child.stdin.on("error", () => undefined);
      child.stdout.on("data", (chunk: Buffer) => channel.write(chunk));
      child.stderr.on("data", (chunk: Buffer) => channel.stderr.write(chunk));
      channel.on("close", () => {
        if ((child.exitCode ?? child.signalCode) === null && child.pid !== undefined)
          process.kill(-child.pid, "SIGKILL");
      });
      child.on("close", (code, signal) => {
        if (signal) channel.exit(signal.replace("SIG", ""));
        else channel.exit(code ?? 1);
        channel.end();
      });
    });
    session.on("subsystem", (accept, reject, { name }) => {
      if (name !== "sftp") return reject();
      const channel = accept();
      const child = spawn("/usr/lib/openssh/sftp-server");
      let copied = 0;
      channel.on("data", (chunk: Buffer) => {
        copied += chunk.length;
        if (this.copyLimit !== null && copied > this.copyLimit) connection.end();
      });
      channel.pipe(child.stdin);
      child.stdout.pipe(channel);
      child.stdin.on("error", () => undefined);
      channel.on("close", () => child.kill());
    });
  }
}
