import { z } from "zod";
import type { Resources } from "./admission.ts";

/** A machine that create-vm wrote down on its hypervisor. */
export interface Machine {
  name: string;
  /** Whether it has answered once. */
  whole: boolean;
  /** What it was asked for: `askedFor` of its options. */
  asked: string;
  address: string;
  hostKey: string;
}

/** What a hypervisor is and has. */
export interface Survey {
  /** Such as `debian:12 x86_64`. */
  platform: string;
  kvm: boolean;
  capacity: Resources;
  /** What all its machines have together, of ours and of others. */
  promised: Resources;
  /** So many of them run. */
  running: number;
  /** Its address in its machines' network; null: there is none yet. */
  gateway: string | null;
  /** Networks that the wanted one would be in the way of. */
  clashes: string[];
  machines: Machine[];
}

const whole = z.string().regex(/^\d+$/).transform(Number);
const figures = z.tuple([whole, whole, whole]).transform(([cpu, ram, disk]) => ({ cpu, ram, disk }));
const machine = z
  .tuple([
    z.string().regex(/^[a-z]{8}$/),
    z.enum(["whole", "unfinished"]),
    z.string().regex(/^[0-9a-f]{64}$/),
    z.ipv4(),
    z.literal("ssh-ed25519"),
    z.string().regex(/^[A-Za-z0-9+/=]+$/),
  ])
  .transform(([name, state, asked, address, ...key]) => ({
    name,
    whole: state === "whole",
    asked,
    address,
    hostKey: key.join(" "),
  }));

/** Reads what survey.sh says. Throws where that is something else. */
export function parseSurvey(text: string): Survey {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const all = (word: string) => lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const one = (word: string) => all(word)[0] ?? [];
  const gateway = z.union([z.ipv4(), z.literal("none")]).parse(one("gateway")[0]);
  return {
    platform: one("platform").join(" "),
    kvm: one("kvm")[0] === "yes",
    capacity: figures.parse(one("capacity")),
    promised: figures.parse(one("promised")),
    running: whole.parse(one("running")[0]),
    gateway: gateway === "none" ? null : gateway,
    clashes: all("clash").map((words) => words.join(" ")),
    machines: all("machine").map((words) => machine.parse(words)),
  };
}
