/** The Pulumi program: a stack's configuration in, hosts out. */
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { NotBuilt, readArtifacts } from "./components/artifacts.ts";
import { declareFleet } from "./components/fleet.ts";
import { ConfigError, parseFleet } from "./config/fleet.ts";
import { machineId } from "./config/machine-id.ts";
import { checkMachine } from "./config/machine.ts";
import { endWithEngine } from "./toolchain/parent.ts";

endWithEngine(() => process.exit(1));
const config = new pulumi.Config("convocate");
// Settings that are not read below are listed too: an unknown one is refused, not overlooked.
const all = pulumi.runtime.allConfig();
const given = Object.keys(all).filter((key) => key.startsWith("convocate:"));
// The engine tells the program which settings have an encrypted part (the SDK reads the same variable).
const secretKeys = z
  .array(z.string())
  .parse(JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]"))
  .map((key) => key.replace("convocate:", ""));

/** `none`, or settings, one of which is a secret. */
const claudeSetting = (text: string | undefined): unknown =>
  text?.startsWith("{") ? JSON.parse(text) : text;

const settings = {
  ...Object.fromEntries(given.map((key) => [key.replace("convocate:", ""), undefined])),
  domain: config.get("domain"),
  command: config.get("command"),
  operators: config.getObject("operators"),
  claude: claudeSetting(all["convocate:claude"]),
  image: config.get("image"),
  transcript: config.getObject("transcript"),
  keyEpoch: config.getObject("keyEpoch"),
  logAuthorityEpoch: config.getObject("logAuthorityEpoch"),
  ssh: config.getObject("ssh"),
  loginAliases: config.getObject("loginAliases"),
  dnsClients: config.getObject("dnsClients"),
  publishFrom: config.getObject("publishFrom"),
  hosts: config.getObject("hosts"),
};

/** A fault of the stack file is told without a stack trace: it is not ours. */
function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof NotBuilt) throw new pulumi.RunError(error.message);
    throw error;
  }
}

const fleet = told(() => parseFleet(pulumi.getStack(), settings, homedir(), secretKeys));
told(() => checkMachine(pulumi.getStack(), fleet, machineId()));
const artifacts = told(() => readArtifacts(join(import.meta.dirname, "../dist"), fleet.image));
declareFleet(fleet, artifacts);
