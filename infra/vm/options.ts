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

const userRule = "a user name: a-z, 0-9, _ and -, at most 32, not beginning with a digit or -";
const nameRule = "8 letters a-z, as create-vm makes and prints them";
const imageRule = "an absolute path, or an http(s) URL without a user in it";
const sumRule = "the SHA-256 of the image: 64 digits 0-9 and a-f";
const domainRule = "a DNS name: labels of a-z, 0-9 and -, each 1 to 63, 253 in all";

const options = z.strictObject({
  hypervisor: z.string({ error: hostRule }).refine(isHost, hostRule),
  username: z.string({ error: userRule }).regex(/^[a-z_][a-z0-9_-]{0,31}$/, userRule),
  /** The VM's 8 letters and a dot come before it. */
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
  sha256: z
    .string({ error: sumRule })
    .toLowerCase()
    .regex(/^[0-9a-f]{64}$/, sumRule),
  /** Of an earlier run that did not end: it is finished instead of a new VM made. */
  name: z
    .string()
    .regex(/^[a-z]{8}$/, nameRule)
    .optional(),
  virtType: z
    .enum(["kvm", "qemu"], { error: "kvm, or qemu where the hypervisor cannot do that" })
    .default("kvm"),
  port: whole(1, 65_535, "the port of the hypervisor's sshd").default(22),
});

/** What create-vm was asked for, whole and in range. */
export type VmOptions = z.infer<typeof options>;

const dashed = (field: string) => `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Checks a command line, every option of it: one run tells all that is wrong. Nothing is touched. */
export function parseVmOptions(given: Record<string, unknown>): { options: VmOptions } | { faults: Fault[] } {
  const parsed = options.safeParse(given);
  if (parsed.success) return { options: parsed.data };
  const faults = new Map<string, Fault>();
  for (const { code, path, message, ...issue } of parsed.error.issues) {
    const fields =
      code === "unrecognized_keys" && "keys" in issue ? z.array(z.string()).parse(issue.keys) : path;
    const remedy = code === "unrecognized_keys" ? "nothing: create-vm has no such option" : message;
    for (const field of fields.map(String))
      if (!faults.has(field)) faults.set(field, { option: dashed(field), value: given[field], remedy });
  }
  return { faults: [...faults.values()] };
}

/** A fault as a line of an error message. */
export const faultText = ({ option, value, remedy }: Fault): string =>
  value === undefined
    ? `${option}: is missing; give ${remedy}`
    : `${option}: got ${JSON.stringify(value)}; give ${remedy}`;
