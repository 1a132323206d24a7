import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import ssh2 from "ssh2";
import { agentFiles } from "../../../protocol/config.ts";
import { parseAuthorizedKeys } from "../../ssh/authorized-keys.ts";
import { readSettings } from "../settings.ts";
import { fail, ok, type Check } from "./check.ts";

const provision = "run `pulumi up` for this host";
const worldReadable = 0o007;

export const settings: Check = {
  name: "settings",
  async look({ configDir }) {
    const { agentId, config, shell } = await readSettings(configDir);
    const events = shell ? `events go to ${shell.host}` : "no shell host";
    return ok(`agent ${agentId}, sessions run ${JSON.stringify(config.command)}, ${events}`);
  },
};

export const hostKey: Check = {
  name: "host key",
  async look({ configDir }) {
    const file = join(configDir, agentFiles.hostKey);
    const key = ssh2.utils.parseKey(await readFile(file));
    if (key instanceof Error || key.type !== "ssh-ed25519")
      return fail(`${file} is no ed25519 key`, provision);
    if (((await stat(file)).mode & worldReadable) !== 0)
      return fail(`${file} can be read by everybody on this host`, `chmod o= ${file}`);
    return ok("ed25519, private");
  },
};

export const authorizedKeys: Check = {
  name: "authorized keys",
  async look({ configDir }) {
    const keys = parseAuthorizedKeys(await readFile(join(configDir, agentFiles.authorizedKeys), "utf8"));
    const of = (kind: string) => keys.filter(({ principal }) => principal.kind === kind).length;
    if (of("shell") === 0) return fail("no shell host may connect", provision);
    return ok(`${String(of("shell"))} shell host, ${String(of("operator"))} operators`);
  },
};
