import { z } from "zod";
import { isDnsName } from "../../protocol/addressing.ts";

/** What is wrong with one option: its name, what was given, and what is right. */
export interface Fault {
  option: string;
  value: unknown;
  remedy: string;
}

/** A whole number; the command line gives text. `1e3`, `0x10` and `4.0` are no numbers that somebody meant. */
const whole = (least: number, most: number, unit: string) => {
  const remedy = `${unit}, ${String(least)} to ${String(most)}`;
  return z
    .string({ error: remedy })
    .regex(/^\d{1,9}$/, remedy)
    .transform(Number)
    .refine((value) => value >= least && value <= most, remedy);
};

/** An address goes into argument lists of ssh: it must not look like an option of theirs. */
const hostRule = "a host name or an IP address";
const isHost = (value: string) =>
  isDnsName(value.toLowerCase()) || z.ipv4().safeParse(value).success || z.ipv6().safeParse(value).success;

/** A URL without a password in it (it would stand in logs), or a file of this machine by its absolute path. */
function isImage(value: string): boolean {
  if (value.startsWith("/")) return !value.includes("\0") && !value.endsWith("/");
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === "" && password === "";
}

const hostNameRule = "the name of the stack's shell host";
const userRule =
  "a user name other than root, whose login is closed: a-z, 0-9, _ and -, at most 32, not beginning with a digit or -";
const imageRule = "an absolute path, or an http(s) URL without a user in it";
const sumRule = "the SHA-256 of the image, as its publisher has it: 64 digits 0-9 and a-f";
const domainRule = "a DNS name: labels of a-z, 0-9 and -, each 1 to 63, 244 in all";
const networkRule = "a private network of 256 addresses, such as 10.90.0.0/24";

/** RFC 1918. */
const isPrivate24 = (value: string) =>
  /^(10\.\d{1,3}|172\.(1[6-9]|2\d|3[01])|192\.168)\.\d{1,3}\.0\/24$/.test(value) &&
  z.cidrv4().safeParse(value).success;

const options = z.object({
  hypervisor: z.string({ error: hostRule }).refine(isHost, hostRule),
  /** Of whoever makes it, on the hypervisor and on the machine. */
  username: z
    .string({ error: userRule })
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, userRule)
    .refine((value) => value !== "root", userRule),
  /** The machine's 8 letters and a dot come before it. */
  domain: z
    .string({ error: domainRule })
    .refine((value) => isDnsName(value) && value.length <= 244, domainRule),
  /** Virtual processors. */
  cpu: whole(1, 512, "a whole number of processors"),
  /** MiB. */
  ram: whole(512, 16_777_216, "a whole number of MiB"),
  /** GiB. */
  osdisk: whole(5, 65_536, "a whole number of GiB"),
  /** GiB. */
  datadisk: whole(1, 65_536, "a whole number of GiB"),
  image: z.string({ error: imageRule }).refine(isImage, imageRule),
  imageSha256: z
    .string({ error: sumRule })
    .toLowerCase()
    .regex(/^[0-9a-f]{64}$/, sumRule),
  virtType: z
    .enum(["kvm", "qemu"], { error: "kvm, or qemu where the hypervisor cannot do that" })
    .default("kvm"),
  /** Of the hypervisor's machines; undefined: the one it has, else one made from its address. */
  network: z.string().refine(isPrivate24, networkRule).optional(),
  /** The shell host that the machine shall be an agent of. */
  join: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, hostNameRule)
    .optional(),
});

/** What create-vm was asked for, whole and in range. */
export type VmOptions = z.infer<typeof options>;

const dashed = (field: string) => `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

type Parsed<T> = { options: T } | { faults: Fault[] };

/** Checks a command line, every option of it: one run tells all that is wrong. Nothing is touched. */
export const parseVmOptions = (given: object): Parsed<VmOptions> => parse(options, given);

/** The same for the hypervisor alone. */
export const parseHypervisorOptions = (given: object): Parsed<Pick<VmOptions, "hypervisor" | "username">> =>
  parse(options.pick({ hypervisor: true, username: true }), given);

function parse<T>(schema: z.ZodType<T>, given: object): Parsed<T> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return { options: parsed.data };
  const faults = new Map<string, Fault>();
  for (const { path, message } of parsed.error.issues) {
    const field = String(path[0]);
    const value: unknown = Reflect.get(given, field);
    if (!faults.has(field)) faults.set(field, { option: dashed(field), value, remedy: message });
  }
  return { faults: [...faults.values()] };
}

/** A fault as a line of an error message. */
export const faultText = ({ option, value, remedy }: Fault): string =>
  value === undefined
    ? `${option}: is missing; give ${remedy}`
    : `${option}: got ${JSON.stringify(value)}; give ${remedy}`;
