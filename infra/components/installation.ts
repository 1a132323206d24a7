import { join } from "node:path";
import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { FleetHost } from "../config/fleet.ts";
import { packages } from "../steps/packages.ts";
import type { Artifacts } from "./artifacts.ts";
import { connectionArgs, hostCommand } from "./host-command.ts";

/** Packages of a host with these roles. */
export function packagesFor(roles: readonly ("shell" | "agent")[]): string[] {
  return [...new Set([...packages.every, ...roles.flatMap((role): readonly string[] => packages[role])])];
}

/** Delivers runtime and programs to a host and installs them with all it needs for its roles. */
export function installHost(host: FleetHost, artifacts: Artifacts, parent: pulumi.Resource): remote.Command {
  const deliver = (what: "runtime" | "app") =>
    new remote.CopyToRemote(
      `${host.name}-${what}`,
      {
        connection: connectionArgs(host),
        source: new pulumi.asset.FileAsset(join(artifacts.folder, artifacts[what].file)),
        remotePath: `.convocate/${artifacts[what].file}`,
        // A machine that was set up anew has another key, and nothing of what was delivered.
        triggers: [host.connection.hostKey],
      },
      { parent },
    );
  return hostCommand(
    `${host.name}-install`,
    {
      host,
      script: "install",
      inputs: {
        roles: host.roles.join(" "),
        packages: packagesFor(host.roles).join(" "),
        runtime_file: artifacts.runtime.file,
        runtime_sha256: artifacts.runtime.sha256,
        app_file: artifacts.app.file,
        app_sha256: artifacts.app.sha256,
      },
    },
    { parent, dependsOn: [deliver("runtime"), deliver("app")] },
  );
}
