import { exitStatus } from "../../protocol/errors.ts";
import { busyStatus } from "../steps/script.ts";
import type { FailureEvent } from "./events.ts";

interface Rule {
  sign: RegExp;
  exit: number;
  /** `host`: its name, or what all share. */
  remedy: (host: string) => string;
}

/** What the words of a failure mean for whoever has to do something about it; the first that fits. */
const rules: Rule[] = [
  {
    sign: /^cancell?ed/,
    exit: exitStatus.failed,
    remedy: () => "It was ended from outside. Run this again: it goes on where it stopped.",
  },
  {
    sign: /host key mismatch/,
    exit: exitStatus.unreachable,
    remedy: (host) =>
      `The host shows another key than the stack file's: find out why. If it was set up anew, run \`convocate-host trust ${host} --replace\`.`,
  },
  {
    sign: /unable to authenticate/,
    exit: exitStatus.unreachable,
    remedy: (host) =>
      `Check \`user\` and \`privateKeyFile\` of ${host} (or what the ssh-agent holds), and that the key is in that user's authorized_keys.`,
  },
  {
    sign: /stays in the fleet/,
    exit: exitStatus.refused,
    remedy: () => "Do what the message says: sessions still run there.",
  },
  {
    sign: new RegExp(`^Process exited with status ${String(busyStatus)}: running "sudo -n flock `),
    exit: exitStatus.failed,
    remedy: (host) =>
      `An earlier run still works on ${host}: see there what \`pgrep -af convocate-provision.lock\` and its log say, and end it.`,
  },
  {
    sign: /^step ".*" of .* failed on /m,
    exit: exitStatus.failed,
    remedy: (host) =>
      `Correct what the log of ${host} says, and run this again: it goes on where it stopped.`,
  },
  {
    sign: /will be destroyed but was not specified in --target list/,
    exit: exitStatus.refused,
    remedy: (host) =>
      `If ${host} left the stack file, run \`convocate-host update --all\`, which takes it out first, or put it back; if a host is reached another way from now on, run \`script/pulumi up\`.`,
  },
  {
    // All that SFTP says of a disk that is full.
    sign: /^copying .*: (Failure|Permission denied)$|SSH_FX_(FAILURE|PERMISSION_DENIED)/m,
    exit: exitStatus.failed,
    remedy: (host) =>
      `See to it that the stack file's user has room in its home on ${host}, and may write to \`.convocate\` there. Then run this again: it goes on where it stopped.`,
  },
  {
    sign: / needs [\d.]+ [GM]B .* free: free some$/m,
    exit: exitStatus.failed,
    remedy: (host) => `Free space on ${host}, and run this again: it goes on where it stopped.`,
  },
  {
    sign: /sudo: .*(password|not allowed|not found)/,
    exit: exitStatus.failed,
    remedy: (host) =>
      `Install sudo on ${host} where it is missing, and let the stack file's user run it without a password.`,
  },
  {
    // The second line is how the programs say it that the engine runs for a step.
    sign: /dial tcp|i\/o timeout|connection refused|connection lost|handshake failed|no route to host|(: (Timed out while waiting for handshake|Keepalive timeout|connect E[A-Z]+ )|the connection was lost|Connection lost before handshake|read ECONNRESET)|^No response from server/,
    exit: exitStatus.unreachable,
    remedy: (host) =>
      `Check that ${host} is on, and its address, port and network. Then run this again: it goes on where it stopped.`,
  },
];

const logLines = 20;

/** The report of one of our scripts: which of its steps, on which host, and the end of its log. */
function scriptReport(lines: readonly string[]): { cause: string; log: string[] } | null {
  const at = lines.findIndex((line) => /^step ".*" of .* failed on /.test(line));
  const [, title = ""] = /^step "(.*)" of /.exec(lines[at] ?? "") ?? [];
  if (at === -1) return null;
  const log = lines.slice(at + 1).slice(-logLines);
  const last = log.findLast((line) => !line.startsWith("==> "));
  return { cause: `"${title}" failed${last === undefined ? " without a word" : `: ${last}`}`, log };
}

/** A host's words end on the operator's terminal: without control and direction characters they cannot drive it. */
const harmless = (text: string): string => text.replace(/[^\P{C}\n]|[\u2028\u2029]/gu, " ");

/** Reads what the engine said about a resource that failed. */
export function readFailure(host: string | null, step: string | null, message: string): FailureEvent {
  const lines = harmless(message)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const report = scriptReport(lines);
  const rule = rules.find(({ sign }) => sign.test(message));
  const log = report?.log ?? lines.slice(1).slice(-logLines);
  return {
    type: "failure",
    host,
    step,
    cause: report?.cause ?? causeOf(lines),
    remedy:
      rule?.remedy(host ?? "the host") ??
      "Correct the cause and run this again: it goes on where it stopped.",
    exit: rule?.exit ?? exitStatus.failed,
    log,
  };
}

/** The command line is ours and long: the reason stands after it. */
function causeOf([first = "no reason was given", ...rest]: readonly string[]): string {
  if (/^connection lost while running "/.test(first)) return "the connection was lost while the host worked";
  return /^Process exited with status /.test(first) && rest.length > 0
    ? `${first.replace(/: running .*/, "")}: ${rest.at(-1) ?? ""}`
    : first;
}

/** How the command ends: by what only waits for a host or a decision, if nothing else failed. */
export function exitOf(failures: readonly FailureEvent[]): number {
  const kinds = new Set(failures.map(({ exit }) => exit));
  const [only] = kinds;
  return only !== undefined && kinds.size === 1 ? only : kinds.size === 0 ? exitStatus.ok : exitStatus.failed;
}
