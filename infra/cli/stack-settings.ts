import type { Document } from "yaml";
import { parseFleet, type Fleet } from "../config/fleet.ts";

/** A secret as the engine writes it. */
function isSecret(value: unknown): boolean {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.length === 1 && keys[0] === "secure";
}

const hasSecret = (value: unknown): boolean =>
  isSecret(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasSecret));

/** The program sees the plain text of a secret; here any text stands for it. */
function withoutSecrets(value: unknown): unknown {
  if (isSecret(value)) return "secret";
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}

/** The fleet that a stack file describes; throws ConfigError. */
export function readFleet(stack: string, document: Document, home: string): Fleet {
  const root: unknown = document.toJS();
  const config: unknown = typeof root === "object" && root !== null ? Reflect.get(root, "config") : undefined;
  const settings = Object.entries(typeof config === "object" && config !== null ? config : {})
    .filter(([key]) => key.startsWith("convocate:"))
    .map(([key, value]): [string, unknown] => [key.replace("convocate:", ""), value]);
  const encrypted = settings.filter(([, value]) => hasSecret(value)).map(([key]) => key);
  return parseFleet(
    stack,
    Object.fromEntries(settings.map(([key, value]) => [key, withoutSecrets(value)])),
    home,
    encrypted,
  );
}
