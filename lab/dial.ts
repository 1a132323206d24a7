import { run, type Outcome } from "./command.ts";

export interface Dial {
  address: string;
  port: number;
  subsystem: string;
  keyFile: string;
  /** What is sent; a `ping` unless told. */
  stdin?: string;
  /** The command that begins on this machine and brings one to a host that may knock there. */
  jump?: readonly string[];
}

/** Knocks at a daemon with a key and OpenSSH, as somebody would who has none of our programs. */
export function dial({ address, port, subsystem, keyFile, stdin, jump }: Dial): Promise<Outcome> {
  const options = [
    "IdentitiesOnly=yes",
    "BatchMode=yes",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    ...(jump ? [`ProxyCommand=${jump.join(" ")} -W %h:%p`] : []),
  ].flatMap((option) => ["-o", option]);
  return run(
    [
      ...["ssh", "-F", "none", "-i", keyFile, "-p", String(port), ...options],
      ...["-s", `convocate@${address}`, subsystem],
    ],
    { stdin: stdin ?? '{"op":"ping","params":null}\n', timeoutMs: 20_000 },
  );
}
