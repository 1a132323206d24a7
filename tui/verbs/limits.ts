import { ConvocateError } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/session.ts";

export interface LimitOptions {
  memory?: string;
  cpus?: string;
  pids?: string;
}

const units: Record<string, number> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Limits as they are typed; null when none is. Throws `usage`, naming the option. */
export function limitsOf({ memory, cpus, pids }: LimitOptions): Limits | null {
  const limits: Limits = {
    ...(memory !== undefined && { memory_bytes: bytesOf(memory) }),
    ...(cpus !== undefined && { cpus: numberOf("cpus", cpus, /^\d+(\.\d+)?$/) }),
    ...(pids !== undefined && { pids: numberOf("pids", pids, /^\d+$/) }),
  };
  return Object.keys(limits).length === 0 ? null : limits;
}

function bytesOf(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/.exec(text.toLowerCase()) ?? [];
  const bytes = Math.round(Number(digits) * (units[unit] ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new ConvocateError("usage", `--memory ${JSON.stringify(text)}: give bytes, or 512m, 4g`);
  return bytes;
}

function numberOf(option: string, text: string, form: RegExp): number {
  const number = Number(text);
  if (!form.test(text) || !Number.isFinite(number) || number <= 0)
    throw new ConvocateError("usage", `--${option} ${JSON.stringify(text)}: give a number above 0`);
  return number;
}

/** `key=value` pairs. Throws `usage` for one without `=` or without a key. */
export function labelsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new ConvocateError("usage", `--label ${JSON.stringify(pair)}: give key=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
