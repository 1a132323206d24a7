import { join } from "node:path";
import { local, remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { FleetHost } from "../config/fleet.ts";
import { packages } from "../steps/packages.ts";
import type { Artifacts } from "./artifacts.ts";
import { connectionArgs, hostCommand } from "./host-command.ts";

/** Packages of a host with these roles. */
export function packagesFor(roles: readonly ("shell" | "agent")[]): string[] {
  return [...new Set([...packages.every, ...roles.flatMap((role): readonly string[] => packages[role])])];
}

/**
 * Delivers runtime and programs to a host and installs them with all it needs for its roles; then the host starts anew if what
 * was upgraded asks for that. Returns what comes last of it.
 */
export function installHost(host: FleetHost, artifacts: Artifacts, parent: pulumi.Resource): local.Command {
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
  const installed = hostCommand(
    `${host.name}-install`,
    {
      host,
      script: "install",
      inputs: {
        roles: host.roles.join(" "),
        ssh_port: String(host.connection.port),
        packages: packagesFor(host.roles).join(" "),
        runtime_file: artifacts.runtime.file,
        runtime_sha256: artifacts.runtime.sha256,
        app_file: artifacts.app.file,
        app_sha256: artifacts.app.sha256,
      },
    },
    { parent, dependsOn: [deliver("runtime"), deliver("app")] },
  );
  const { host: address, port, user, hostKey, privateKey } = connectionArgs(host);
  const endpoint = pulumi.output({ host: address, port, user, hostKey, privateKey });
  return new local.Command(
    `${host.name}-reboot`,
    {
      dir: join(artifacts.folder, ".."),
      create: "exec node infra/reboot/main.ts",
      stdin: pulumi.secret(pulumi.jsonStringify(endpoint)),
      logging: local.Logging.None,
      addPreviousOutputInEnv: false,
    },
    { parent, dependsOn: [installed], customTimeouts: { create: "20m", update: "20m" } },
  );
}
