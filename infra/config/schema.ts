import { isIP } from "node:net";
import { z } from "zod";
import { parsePublicKey } from "../../protocol/keys.ts";

/** Bytes of an ed25519 key's blob (RFC 8709 §4): two lengths, the type's name, the key. */
const ed25519Length = 4 + "ssh-ed25519".length + 4 + 32;

function isEd25519(line: string): boolean {
  const key = parsePublicKey(line);
  return key?.type === "ssh-ed25519" && key.blob.length === ed25519Length;
}

/** An ed25519 public key line, without comment. */
const ed25519 = (what: string, remedy: string) =>
  z
    .string({ error: `${what} is required: ${remedy}` })
    .refine(isEd25519, {
      error: `not an ed25519 key ("ssh-ed25519 AAAA…"): ${remedy}`,
    })
    .transform((line) => line.trim().split(/\s+/).slice(0, 2).join(" "));

const hostKeyRemedy =
  "take /etc/ssh/ssh_host_ed25519_key.pub from the machine's console; for the lab run `script/lab up --stack FILE`";

const dnsName = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

const address = z
  .string({
    error:
      "an address is required: an IP address or a DNS name of the machine; for the lab run `script/lab up --stack FILE`",
  })
  .refine((text) => isIP(text) !== 0 || (dnsName.test(text) && !/^[0-9.]+$/.test(text)), {
    error: "not an IP address or DNS name: correct it (a port has its own setting, `port`)",
  });

const hostName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
    "a host's name is 1 to 32 of a-z, 0-9 and -, with no - at an end: rename it",
  );

const domainName = z
  .string({
    error: "a domain is required: the one under which sessions get names, such as fleet.example.com",
  })
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "not a lower-case DNS domain: correct it",
  );

export const role = z.enum(["shell", "agent"], { error: "a role is `shell` or `agent`: use one of them" });

const userFault = "not a user name: correct it";
const portFault = "a port is a whole number from 1 to 65535, without quotes: correct it";
const fileFault = "the name of a file with a private key: name one, or leave it out for the ssh-agent's keys";

const connection = z.strictObject(
  {
    user: z
      .string({ error: userFault })
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, userFault)
      .optional(),
    port: z.int({ error: portFault }).min(1, portFault).max(65_535, portFault).optional(),
    privateKeyFile: z.string({ error: fileFault }).min(1, fileFault).optional(),
  },
  { error: "give settings, such as `user: ubuntu`" },
);
export type ConnectionConfig = z.infer<typeof connection>;

const rolesFault = "`roles` is a list, such as [shell, agent]: name at least one";
const agentIdFault = "an agent id is 1 to 64 of a-z, 0-9 and -, in quotes if it is a number: correct it";

const keptKeyRemedy =
  "take it from where `convocate-host adopt` wrote it, or leave it out for a key of the stack's own";

const drainFault =
  "`drain` is true (start nothing new) or force (and stop what runs when the host is taken out): use one of them, or remove it";

const localFault =
  "the machine id (/etc/machine-id) of the machine that this program runs on: `convocate-host init-shell` or `init-agent` without --host writes it";

const host = z
  .strictObject(
    {
      role: role.optional(),
      roles: z.array(role, { error: rolesFault }).min(1, rolesFault).optional(),
      address,
      hostKey: ed25519("a host key", hostKeyRemedy).optional(),
      local: z
        .string({ error: localFault })
        .regex(/^[0-9a-f]{32}$/, localFault)
        .optional(),
      shell: z.string({ error: "the name of the shell host: correct it" }).optional(),
      agentId: z
        .string({ error: agentIdFault })
        .regex(/^[a-z0-9-]{1,64}$/, agentIdFault)
        .optional(),
      agentHostKey: ed25519("the public half of a key that the agent keeps", keptKeyRemedy).optional(),
      statusHostKey: ed25519(
        "the public half of a key that the status daemon keeps",
        keptKeyRemedy,
      ).optional(),
      drain: z.union([z.literal(true), z.literal("force")], { error: drainFault }).optional(),
      ...connection.shape,
    },
    { error: "give a host's settings: { role: …, address: …, hostKey: … }" },
  )
  .refine(({ hostKey, local }) => hostKey !== undefined || local !== undefined, {
    error: `a host key is required: ${hostKeyRemedy}`,
    path: ["hostKey"],
  })
  .refine(({ role, roles }) => (role === undefined) !== (roles === undefined), {
    error: "give either `role: shell|agent` or `roles: [shell, agent]`",
  });

const operatorName = z
  .string()
  .regex(
    /^[A-Za-z0-9._-]{1,64}$/,
    "an operator's name is 1 to 64 of letters, digits, `.`, `_` and -: rename it",
  );

const imageFault = "a session image is `full` (with tools) or `slim`: use one of them";

const transcriptFault = "`transcript` is true or false: use one of them";

const epochFault = "a key epoch is a whole number from 1: count it up to have new keys";

const authorityFault =
  "an authority's epoch is a whole number from 1: count it up to have another log authority";

const versionFault = "a version of npm's package, such as 2.1.330: correct it";
const pathFault = "the whole path of the program on this machine: correct it";
const tokenFault = "not a token: make one with `claude setup-token`";
const claudeFault = "give none, { version: … } of npm's package or { path: /… } of a file";

const claude = z
  .strictObject(
    {
      version: z
        .string({ error: versionFault })
        .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, versionFault)
        .optional(),
      path: z
        .string({ error: pathFault })
        .regex(/^~?\/./, pathFault)
        .optional(),
      token: z.string({ error: tokenFault }).regex(/^\S+$/, tokenFault).optional(),
    },
    { error: claudeFault },
  )
  .refine(({ version, path }) => (version === undefined) !== (path === undefined), { error: claudeFault });

const networkFault =
  'an IPv4 address or network, such as "10.0.0.0/24" (its first address and its length): correct it';

/** The firewall's own form: no bit is set beyond the length, and one address has none. */
function isNetwork(text: string): boolean {
  const [address = "", length] = text.split("/");
  if (isIP(address) !== 4) return false;
  if (length === undefined) return true;
  if (!/^([1-9]|[12]\d|3[01])$/.test(length)) return false;
  const bits = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return bits % 2 ** (32 - Number(length)) === 0;
}

const networks = (allowed: (text: string) => boolean) =>
  z
    .array(z.string({ error: networkFault }).refine(allowed, { error: networkFault }), {
      error: 'give a list, such as ["10.0.0.0/24"]',
    })
    .default([]);

const aliasFault =
  "another login name is 1 to 32 of a-z, 0-9, _ and -, begins with a letter and is not convocate or root: rename it";

const loginAliases = z
  .array(
    z
      .string({ error: aliasFault })
      .regex(/^[a-z][a-z0-9_-]{0,31}$/, aliasFault)
      .refine((name) => name !== "convocate" && name !== "root", { error: aliasFault }),
    { error: "give a list, such as [claude]" },
  )
  .default([]);

const commandFault = "name a command, such as `bash -l`";

/** What a stack file may say under `config`, without the `convocate:` prefix. */
export const stackConfig = z.strictObject(
  {
    domain: domainName,
    command: z
      .string({ error: commandFault })
      .regex(/\S/, commandFault)
      .default("claude --dangerously-skip-permissions"),
    operators: z
      .record(operatorName, ed25519("an operator's key", "make one with `ssh-keygen -t ed25519`"), {
        error: 'give names and keys: { alice: "ssh-ed25519 AAAA…" }',
      })
      .default({}),
    claude: z.preprocess((value) => (value === "none" ? undefined : value), claude.optional()),
    image: z.enum(["full", "slim"], { error: imageFault }).default("full"),
    transcript: z.boolean({ error: transcriptFault }).default(false),
    keyEpoch: z.int({ error: epochFault }).min(1, epochFault).default(1),
    logAuthorityEpoch: z.int({ error: authorityFault }).min(1, authorityFault).default(1),
    ssh: connection.default({}),
    loginAliases,
    dnsClients: networks(isNetwork),
    publishFrom: networks((text) => text === "0.0.0.0/0" || isNetwork(text)),
    hosts: z.record(hostName, host, {
      error: "hosts are required: list at least a shell host and an agent host",
    }),
  },
  { error: "give settings: at least `convocate:domain` and `convocate:hosts`" },
);
export type StackConfig = z.infer<typeof stackConfig>;
