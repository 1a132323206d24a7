import { join } from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { FleetAgent } from "../config/fleet.ts";
import type { Artifacts } from "./artifacts.ts";
import { placeOf } from "./host-command.ts";

/** Brings the session image to an agent and makes it the current one. The state holds the image's id. */
export function deliverImage(
  agent: FleetAgent,
  artifacts: Artifacts,
  options: pulumi.CustomResourceOptions,
): local.Command {
  const input = pulumi.output(placeOf(agent)).apply((place) => ({ ...place, image: artifacts.image }));
  return new local.Command(
    `${agent.name}-image`,
    {
      dir: join(artifacts.folder, ".."),
      create: "exec node infra/image/push.ts",
      stdin: pulumi.secret(pulumi.jsonStringify(input)),
      logging: local.Logging.None,
      addPreviousOutputInEnv: false,
    },
    options,
  );
}
