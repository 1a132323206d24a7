import { ports } from "./transport.ts";

/** Where an agent is reached: `address`, `address:port`, `[v6]:port`; v2's `user@` in front is dropped. */
export function parseAddress(line: string): { address: string; port: number } {
  const bare = line.trim().replace(/^[^@]*@/, "");
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(bare) ?? [];
  return { address: bracketed ?? plain ?? bare, port: port ? Number(port) : ports.agent };
}
