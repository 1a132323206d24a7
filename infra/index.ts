/** The Pulumi program: a stack's configuration in, hosts out. */
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { NotBuilt, readArtifacts } from "./components/artifacts.ts";
import { declareFleet } from "./components/fleet.ts";
import { ConfigError, parseFleet } from "./config/fleet.ts";

const config = new pulumi.Config("convocate");
// Settings that are not read below are listed too: an unknown one is refused, not overlooked.
const given = Object.keys(pulumi.runtime.allConfig()).filter((key) => key.startsWith("convocate:"));
const settings = {
  ...Object.fromEntries(given.map((key) => [key.replace("convocate:", ""), undefined])),
  domain: config.get("domain"),
  command: config.get("command"),
  operators: config.getObject("operators"),
  image: config.get("image"),
  keyEpoch: config.getObject("keyEpoch"),
  ssh: config.getObject("ssh"),
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

const fleet = told(() => parseFleet(pulumi.getStack(), settings, homedir()));
const artifacts = told(() => readArtifacts(join(import.meta.dirname, "../dist"), fleet.image));
declareFleet(fleet, artifacts);
