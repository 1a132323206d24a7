import { z } from "zod";
import { parsePublicKey } from "../../protocol/keys.ts";

/** An ed25519 public key line, without comment. */
const ed25519 = (what: string, remedy: string) =>
  z
    .string({ error: `${what} is required: ${remedy}` })
    .refine((line) => parsePublicKey(line)?.type === "ssh-ed25519", {
      error: `not an ed25519 key ("ssh-ed25519 AAAA…"): ${remedy}`,
    })
    .transform((line) => line.trim().split(/\s+/).slice(0, 2).join(" "));

const hostKeyRemedy =
  "take /etc/ssh/ssh_host_ed25519_key.pub from the machine's console; for the lab run `script/lab up --stack FILE`";

const address = z
  .string({
    error:
      "an address is required: an IP address or a DNS name of the machine; for the lab run `script/lab up --stack FILE`",
  })
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, "not an IP address or DNS name: correct it");

const hostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, "a host's name is 1 to 32 of a-z, 0-9 and -: rename it");

const domainName = z
  .string({
    error: "a domain is required: the one under which sessions get names, such as fleet.example.com",
  })
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "not a lower-case DNS domain: correct it",
  );

export const role = z.enum(["shell", "agent"], { error: "a role is `shell` or `agent`: use one of them" });

const connection = z.strictObject({
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, "not a user name: correct it")
    .optional(),
  port: z.int().min(1).max(65_535).optional(),
  privateKeyFile: z.string().min(1).optional(),
});
export type ConnectionConfig = z.infer<typeof connection>;

const host = z
  .strictObject({
    role: role.optional(),
    roles: z.array(role).min(1).optional(),
    address,
    hostKey: ed25519("a host key", hostKeyRemedy),
    shell: z.string().optional(),
    agentId: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, "an agent id is 1 to 64 of a-z, 0-9 and -: correct it")
      .optional(),
    ...connection.shape,
  })
  .refine(({ role, roles }) => (role === undefined) !== (roles === undefined), {
    error: "give either `role: shell|agent` or `roles: [shell, agent]`",
  });

/** What a stack file may say under `config`, without the `convocate:` prefix. */
export const stackConfig = z.strictObject({
  domain: domainName,
  command: z
    .string()
    .min(1, "empty: name a command, such as `bash -l`")
    .default("claude --dangerously-skip-permissions"),
  operators: z
    .record(
      z
        .string()
        .regex(
          /^[A-Za-z0-9._-]{1,64}$/,
          "an operator's name is 1 to 64 of letters, digits, `.`, `_` and -: rename it",
        ),
      ed25519("an operator's key", "make one with `ssh-keygen -t ed25519`"),
    )
    .default({}),
  ssh: connection.default({}),
  hosts: z.record(hostName, host, {
    error: "hosts are required: list at least a shell host and an agent host",
  }),
});
export type StackConfig = z.infer<typeof stackConfig>;
