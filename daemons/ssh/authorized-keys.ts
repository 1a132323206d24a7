import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parsePrincipal, parsePublicKey, sameKey, type Principal } from "../../protocol/keys.ts";
import type { Log } from "../host/log.ts";
import { watchDirectory } from "../host/watch.ts";

/** Who may log in: the file as it is now. */
export interface AuthorizedKeys {
  /** Whom a key blob stands for; null when it is not listed. */
  find(blob: Buffer): Principal | null;
  /** Called after the file's content changed. */
  onChange(listener: () => void): void;
  close(): void;
}

interface Entry {
  blob: Buffer;
  principal: Principal;
}

/** The lines that identify somebody: ssh-ed25519 without options, whose comment is a principal. */
export function parseAuthorizedKeys(text: string): Entry[] {
  return text.split("\n").flatMap((line) => {
    const key = parsePublicKey(line);
    const principal = key?.type === "ssh-ed25519" ? parsePrincipal(key.comment) : null;
    return key && principal ? [{ blob: key.blob, principal }] : [];
  });
}

/** Every entry is compared, so that the time tells nothing about which one fits. */
export function findKey(entries: readonly Entry[], blob: Buffer): Principal | null {
  let found: Principal | null = null;
  for (const entry of entries) if (sameKey(entry.blob, blob)) found ??= entry.principal;
  return found;
}

/** Reads `path` now and after every change. A file that cannot be read lists nobody. */
export function watchAuthorizedKeys(path: string, log: Log): AuthorizedKeys {
  const listeners: (() => void)[] = [];
  let text = read(path, log);
  let entries = parseAuthorizedKeys(text);
  const stop = watchDirectory(dirname(path), () => {
    const now = read(path, log);
    if (now === text) return;
    text = now;
    entries = parseAuthorizedKeys(text);
    log.info({ path, keys: entries.length }, "authorized keys changed");
    for (const listener of listeners) listener();
  });
  return {
    find: (blob) => findKey(entries, blob),
    onChange: (listener) => void listeners.push(listener),
    close: stop,
  };
}

function read(path: string, log: Log): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    log.error({ path, err: error }, "authorized keys cannot be read: nobody may log in until they can");
    return "";
  }
}
